#include "host/command_docs.hpp"

#include <algorithm>
#include <cctype>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

namespace bora::host {

const char* const kExitCodes =
    "Exit codes: 0 done; 1 something failed while running, a drain was cut short, or nobody "
    "answers;\n"
    "2 wrong usage, configuration or wiring; 3 status: it runs, and is not ready.";

namespace {

using Apps = std::vector<const CLI::App*>;
using Options = std::vector<const CLI::Option*>;

Apps commands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

Options options_of(const CLI::App& app) {
  return app.get_options([](const CLI::Option*) { return true; });
}

// What roff would take for its own, and hyphens that are to be copied.
std::string roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else if (c == '\n')
      out += ' ';
    else
      out += c;
  }
  if (!out.empty() && (out.front() == '.' || out.front() == '\'')) out.insert(0, "\\&");
  return out;
}

void add_options(std::string& out, const CLI::App& app) {
  for (const CLI::Option* option : options_of(app)) {
    if (option == app.get_help_ptr()) continue;  // everywhere the same
    out += ".TP\n\\fB" + roff(option->get_name(true, true)) + "\\fR";
    const std::string type = option->get_type_name();
    if (!type.empty() && option->get_items_expected_max() > 0) out += " " + roff(type);
    out += "\n" + roff(option->get_description()) + "\n";
  }
}

void add_commands(std::string& out, const CLI::App& app, const std::string& prefix) {
  for (const CLI::App* command : commands_of(app)) {
    const std::string name = prefix + command->get_name();
    out += ".SS " + roff(name) + "\n" + roff(command->get_description()) + "\n";
    add_options(out, *command);
    add_commands(out, *command, name + " ");
  }
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

// Words that may follow: commands, and options in their long form.
std::string words_of(const CLI::App& app) {
  std::string words;
  for (const CLI::App* command : commands_of(app))
    words += command->get_name() + " ";
  for (const CLI::Option* option : options_of(app))
    for (const std::string& name : option->get_lnames())
      words += "--" + name + " ";
  if (!words.empty()) words.pop_back();
  return words;
}

void add_cases(std::string& out, const CLI::App& app, const std::string& path) {
  out += "    '" + path + "') words='" + words_of(app) + "' ;;\n";
  for (const CLI::App* command : commands_of(app))
    add_cases(out, *command, path.empty() ? command->get_name() : path + " " + command->get_name());
}

void add_paths(std::string& out, const CLI::App& app, const std::string& path) {
  for (const CLI::App* command : commands_of(app)) {
    const std::string name = path.empty() ? command->get_name() : path + " " + command->get_name();
    out += (out.empty() ? "'" : "|'") + name + "'";
    add_paths(out, *command, name);
  }
}

}  // namespace

std::string manual_page(const CLI::App& app, const std::string& version) {
  std::string out = ".TH " + upper(app.get_name()) + " 1 \"\" \"" + app.get_name() + " " +
                    roff(version) + "\" \"User Commands\"\n";
  out += ".SH NAME\n" + app.get_name() + " \\- " + roff(app.get_description()) + "\n";
  out += ".SH SYNOPSIS\n.B " + app.get_name() + "\n[OPTIONS] COMMAND [...]\n";
  out += ".SH OPTIONS\nThey may stand before and after the command.\n";
  add_options(out, app);
  out += ".SH COMMANDS\n";
  add_commands(out, app, "");
  out +=
      ".SH SETTINGS\nThe command \\fBconfig\\fR prints them all, with what they mean, their values "
      "and where those come from: defaults, then files, then the environment (BORA__SECTION__KEY), "
      "then \\-\\-set.\n";
  out += ".SH EXIT STATUS\n" + roff(kExitCodes) + "\n";
  return out;
}

std::string bash_completion(const CLI::App& app) {
  const std::string& name = app.get_name();
  std::string function = "_" + name;
  std::replace(function.begin(), function.end(), '-', '_');
  std::string paths;
  add_paths(paths, app, "");
  std::string cases;
  add_cases(cases, app, "");
  return function + "() {\n" +
         "  local word path= words= current=\"${COMP_WORDS[COMP_CWORD]}\"\n"
         "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
         "    case \"${path:+$path }$word\" in\n"
         "    " +
         paths +
         ") path=\"${path:+$path }$word\" ;;\n"
         "    esac\n"
         "  done\n"
         "  case \"$path\" in\n" +
         cases +
         "  esac\n"
         "  case \"$current\" in\n"
         "  */*) COMPREPLY=($(compgen -f -- \"$current\")) ;;\n"
         "  *) COMPREPLY=($(compgen -W \"$words\" -- \"$current\")) ;;\n"
         "  esac\n"
         "}\n"
         "complete -o default -F " +
         function + " " + name + "\n";
}

}  // namespace bora::host
