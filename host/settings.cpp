#include "host/settings.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "bora/check.hpp"
#include "host/nearest.hpp"
#include "host/units.hpp"

namespace bora::host {

namespace {

constexpr std::string_view kMask = "***";
constexpr std::string_view kSecretType = "secret";

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words)
    text += (text.empty() ? "" : ", ") + word;
  return text;
}

bool is_setting_name(std::string_view name) noexcept {
  return !name.empty() && name.front() != '.' && name.back() != '.' &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
         });
}

bool sounds_secret(std::string_view name) noexcept {
  for (const std::string_view word : {"password", "secret", "key.pem", "token"})
    if (name.find(word) != std::string_view::npos) return true;
  return false;
}

Status out_of_bounds(std::string_view text, const std::string& min, const std::string& max) {
  return {ErrorKind::kInvalid,
          "\"" + std::string{text} + "\" is not within " + min + " and " + max};
}

}  // namespace

void Settings::bind(std::string name, std::string& target, std::string about,
                    std::vector<std::string> choices) {
  Entry entry{.name = std::move(name), .type = "text", .about = std::move(about)};
  if (!choices.empty()) entry.type = "one of " + joined(choices);
  const auto take = [&target, choices = std::move(choices)](std::string_view text) -> Status {
    if (!choices.empty() && std::find(choices.begin(), choices.end(), text) == choices.end())
      return {ErrorKind::kInvalid, "\"" + std::string{text} + "\" is none of " + joined(choices)};
    target = std::string{text};
    return {};
  };
  add({std::move(entry), take, [&target] { return target; }});
}

void Settings::bind(std::string name, bool& target, std::string about) {
  const auto take = [&target](std::string_view text) -> Status {
    const Result<bool> parsed = parse_switch(text);
    if (parsed) target = *parsed;
    return parsed.status();
  };
  add({{.name = std::move(name), .type = "true or false", .about = std::move(about)},
       take,
       [&target] { return target ? "true" : "false"; }});
}

void Settings::bind(std::string name, Secret& target, std::string about) {
  const auto take = [&target](std::string_view text) -> Status {
    target = Secret{std::string{text}};
    return {};
  };
  add({{.name = std::move(name), .type = std::string{kSecretType}, .about = std::move(about)},
       take,
       [&target] { return std::string{target.is_empty() ? std::string_view{} : kMask}; }});
}

void Settings::bind(std::string name, Url& target, std::string about,
                    std::vector<std::string> schemes) {
  Entry entry{.name = std::move(name), .type = "URL", .about = std::move(about)};
  if (!schemes.empty()) entry.type += " (" + joined(schemes) + ")";
  const auto take = [&target, schemes = std::move(schemes)](std::string_view text) -> Status {
    Result<Url> parsed = Url::parse(text);
    if (!parsed) return parsed.status();
    if (!schemes.empty() &&
        std::find(schemes.begin(), schemes.end(), parsed->scheme()) == schemes.end())
      return {ErrorKind::kInvalid,
              "the scheme \"" + std::string{parsed->scheme()} + "\" is none of " + joined(schemes)};
    target = std::move(parsed).value();
    return {};
  };
  add({std::move(entry), take, [&target] { return target.masked(); }});
}

void Settings::bind_bytes(std::string name, std::size_t& target, std::string about,
                          Bounds<std::uint64_t> bounds) {
  const auto take = [&target, bounds](std::string_view text) -> Status {
    const Result<std::uint64_t> parsed = parse_bytes(text);
    if (!parsed) return parsed.status();
    if (*parsed < bounds.min || *parsed > bounds.max)
      return out_of_bounds(text, format_bytes(bounds.min), format_bytes(bounds.max));
    target = *parsed;
    return {};
  };
  add({{.name = std::move(name), .type = "size", .about = std::move(about)}, take, [&target] {
         return format_bytes(target);
       }});
}

void Settings::bind_map(std::string prefix, std::map<std::string, std::string>& target,
                        std::string about) {
  BORA_CHECK(is_setting_name(prefix), prefix + " is no name for settings");
  prefix += '.';
  BORA_CHECK(family_of(prefix) == nullptr, prefix + "* is bound twice");
  Entry entry{.name = prefix + "*", .type = "any names", .about = std::move(about)};
  families_.push_back({std::move(entry), std::move(prefix), &target});
}

void Settings::bind(std::string name, double& target, std::string about, Bounds<double> bounds) {
  const auto print = [](double value) {
    std::array<char, 32> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    return std::string(digits.data(), end);
  };
  const auto take = [bounds, print, &target](std::string_view text) -> Status {
    double value = 0;
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, value);
    if (read.ec != std::errc{} || read.ptr != end)
      return {ErrorKind::kInvalid, "\"" + std::string{text} + "\" is no number: write it as 0.01"};
    if (!(value >= bounds.min && value <= bounds.max))
      return out_of_bounds(text, print(bounds.min), print(bounds.max));
    target = value;
    return {};
  };
  add({{.name = std::move(name), .type = "number", .about = std::move(about)},
       take,
       [print, &target] { return print(target); }});
}

void Settings::bind_integer(std::string name, std::string about, Bounds<std::int64_t> bounds,
                            std::function<void(std::int64_t)> assign,
                            std::function<std::int64_t()> read) {
  const auto take = [bounds, assign = std::move(assign)](std::string_view text) -> Status {
    const Result<std::int64_t> parsed = parse_integer(text);
    if (!parsed) return parsed.status();
    if (*parsed < bounds.min || *parsed > bounds.max)
      return out_of_bounds(text, std::to_string(bounds.min), std::to_string(bounds.max));
    assign(*parsed);
    return {};
  };
  add({{.name = std::move(name), .type = "whole number", .about = std::move(about)},
       take,
       [read = std::move(read)] { return std::to_string(read()); }});
}

void Settings::bind_duration(std::string name, std::string about,
                             Bounds<std::chrono::nanoseconds> bounds, std::chrono::nanoseconds unit,
                             std::function<void(std::chrono::nanoseconds)> assign,
                             std::function<std::chrono::nanoseconds()> read) {
  const auto take = [bounds, unit, assign = std::move(assign)](std::string_view text) -> Status {
    const Result<std::chrono::nanoseconds> parsed = parse_duration(text);
    if (!parsed) return parsed.status();
    if (*parsed < bounds.min || *parsed > bounds.max)
      return out_of_bounds(text, format_duration(bounds.min), format_duration(bounds.max));
    if (parsed->count() % unit.count() != 0)
      return {ErrorKind::kInvalid, "\"" + std::string{text} +
                                       "\" is too fine: write whole multiples of " +
                                       format_duration(unit)};
    assign(*parsed);
    return {};
  };
  add({{.name = std::move(name), .type = "duration", .about = std::move(about)},
       take,
       [read = std::move(read)] { return format_duration(read()); }});
}

void Settings::add(Slot slot) {
  BORA_CHECK(is_setting_name(slot.entry.name), slot.entry.name + " is no name for a setting");
  BORA_CHECK(!has(slot.entry.name), slot.entry.name + " is bound twice");
  slot.entry.default_text = slot.print();
  slots_.push_back(std::move(slot));
}

std::vector<Settings::Entry> Settings::entries() const {
  std::vector<Entry> entries;
  for (const Slot& slot : slots_) {
    entries.push_back(slot.entry);
    entries.back().value = slot.print();
  }
  for (const Family& family : families_) {
    if (family.target->empty()) entries.push_back(family.entry);
    for (const auto& [rest, value] : *family.target) {
      Entry& entry = entries.emplace_back(family.entry);
      entry.name = family.prefix + rest;
      entry.value = sounds_secret(rest) ? std::string{kMask} : value;
      const auto origin = family.origins.find(rest);
      if (origin != family.origins.end()) entry.origin = origin->second;
    }
  }
  return entries;
}

const Settings::Family* Settings::family_of(std::string_view name) const noexcept {
  for (const Family& family : families_)
    if (name.starts_with(family.prefix)) return &family;
  return nullptr;
}

bool Settings::is_secret(std::string_view name) const noexcept {
  for (const Slot& slot : slots_)
    if (slot.entry.name == name) return slot.entry.type == kSecretType;
  const Family* family = family_of(name);
  return family != nullptr && sounds_secret(name.substr(family->prefix.size()));
}

bool Settings::has(std::string_view name) const noexcept {
  return std::any_of(slots_.begin(), slots_.end(),
                     [&](const Slot& slot) { return slot.entry.name == name; });
}

Status Settings::set(std::string_view name, std::string_view text, const std::string& origin) {
  const auto slot = std::find_if(slots_.begin(), slots_.end(),
                                 [&](const Slot& s) { return s.entry.name == name; });
  const std::string subject = origin + ": " + std::string{name};
  if (slot == slots_.end()) {
    const auto family = std::find_if(families_.begin(), families_.end(), [&](const Family& f) {
      return name.starts_with(f.prefix) && name.size() > f.prefix.size();
    });
    if (family != families_.end()) {
      const std::string rest{name.substr(family->prefix.size())};
      (*family->target)[rest] = std::string{text};
      family->origins[rest] = origin;
      return {};
    }
    std::vector<std::string> names;
    for (const Slot& known : slots_)
      names.push_back(known.entry.name);
    const std::string meant = nearest(name, names);
    return {ErrorKind::kInvalid,
            subject + ": there is no such setting" +
                (meant.empty() ? "; `config` lists them all" : "; did you mean " + meant + "?")};
  }
  if (Status taken = slot->take(text); !taken)
    return {ErrorKind::kInvalid, subject + ": " + taken.error().message};
  slot->entry.origin = origin;
  return {};
}

}  // namespace bora::host
