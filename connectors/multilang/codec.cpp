#include "connectors/multilang/codec.hpp"

#include <cmath>
#include <cstddef>
#include <limits>
#include <map>
#include <utility>

#include <nlohmann/json.hpp>

namespace bora::multilang {

namespace {

using Object = nlohmann::json;
using Ordered = nlohmann::ordered_json;  // members in the order of the protocol's description

constexpr std::string_view kEnd = "\nend\n";

/// What is wrong with a message; becomes a Status at the edge of this file.
struct Fault {
  std::string text;
};

std::string framed(const Ordered& message) {
  std::string bytes = message.dump();
  bytes += kEnd;
  return bytes;
}

Ordered json_of(const Value& value) {
  struct Visitor {
    Ordered operator()(std::monostate) const { return nullptr; }
    Ordered operator()(bool v) const { return v; }
    Ordered operator()(std::int64_t v) const { return v; }
    Ordered operator()(std::uint64_t v) const { return v; }
    Ordered operator()(double v) const {
      if (!std::isfinite(v)) throw Fault{"a number is not finite"};
      return v;
    }
    Ordered operator()(const std::string& v) const { return v; }
    Ordered operator()(const Json& v) const { return Ordered::parse(v.text); }
  };
  return std::visit(Visitor{}, value);
}

Value value_of(const Object& json) {
  using Kind = Object::value_t;
  switch (json.type()) {
    case Kind::null: return std::monostate{};
    case Kind::boolean: return json.get<bool>();
    case Kind::number_integer: return json.get<std::int64_t>();
    case Kind::number_unsigned: {
      const auto number = json.get<std::uint64_t>();
      if (number <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
        return static_cast<std::int64_t>(number);
      return number;
    }
    case Kind::number_float: return json.get<double>();
    case Kind::string: return json.get<std::string>();
    default: return Json{json.dump()};
  }
}

/// Writes what `fill` makes; what it throws becomes the error.
template <class Fill>
Result<std::string> written(std::string_view what, Fill fill) {
  try {
    return framed(fill());
  } catch (const Fault& fault) {
    return Error{ErrorKind::kInvalid, std::string(what) + " cannot be written: " + fault.text};
  } catch (const nlohmann::json::exception& fault) {
    return Error{ErrorKind::kInvalid, std::string(what) + " cannot be written: " + fault.what()};
  }
}

const Object* find(const Object& message, const char* name) {
  const auto at = message.find(name);
  return at == message.end() || at->is_null() ? nullptr : &*at;
}
const Object& need(const Object& message, const char* name) {
  if (const Object* member = find(message, name)) return *member;
  throw Fault{std::string("it has no \"") + name + '"'};
}
const std::string& text_in(const Object& message, const char* name) {
  const Object& member = need(message, name);
  if (!member.is_string()) throw Fault{std::string("its \"") + name + "\" is no text"};
  return member.get_ref<const std::string&>();
}
std::int64_t integer_in(const Object& message, const char* name) {
  const Value value = value_of(need(message, name));
  if (const auto* number = std::get_if<std::int64_t>(&value)) return *number;
  throw Fault{std::string("its \"") + name + "\" is no integer"};
}

Emit emit_of(const Object& message) {
  Emit emit;
  if (find(message, "stream") != nullptr) emit.stream = text_in(message, "stream");
  if (const Object* anchors = find(message, "anchors")) {
    if (!anchors->is_array()) throw Fault{"its \"anchors\" are no array"};
    for (const Object& anchor : *anchors) {
      if (!anchor.is_string()) throw Fault{"an anchor is no text"};
      emit.anchors.push_back(anchor.get<std::string>());
    }
  }
  if (const Object* id = find(message, "id")) {
    if (!id->is_string() && !id->is_number()) throw Fault{"its \"id\" is neither text nor number"};
    emit.id = value_of(*id);
  }
  // Storm takes task 0 for "no task", too.
  if (find(message, "task") != nullptr) {
    if (const std::int64_t task = integer_in(message, "task"); task != 0) emit.task = task;
  }
  const Object& tuple = need(message, "tuple");
  if (!tuple.is_array()) throw Fault{"its \"tuple\" is no array"};
  emit.tuple.reserve(tuple.size());
  for (const Object& value : tuple)
    emit.tuple.push_back(value_of(value));
  if (const Object* needs = find(message, "need_task_ids")) {
    if (!needs->is_boolean()) throw Fault{"its \"need_task_ids\" is neither true nor false"};
    emit.need_task_ids = needs->get<bool>();
  }
  return emit;
}

LogLine log_line_of(const Object& message) {
  LogLine line{.level = LogLevel::kInfo, .text = text_in(message, "msg")};
  if (find(message, "level") == nullptr) return line;
  const std::int64_t level = integer_in(message, "level");
  if (level < 0 || level > static_cast<std::int64_t>(LogLevel::kError))
    throw Fault{"its \"level\" is not 0 to 4"};
  line.level = static_cast<LogLevel>(level);
  return line;
}

ChildMessage message_of(const Object& message) {
  if (!message.is_object()) throw Fault{"it is no object"};
  if (find(message, "command") == nullptr) {
    if (find(message, "pid") == nullptr) throw Fault{"it has no \"command\""};
    return Hello{integer_in(message, "pid")};
  }
  const std::string& command = text_in(message, "command");
  if (command == "emit") return emit_of(message);
  if (command == "ack") return Ack{text_in(message, "id")};
  if (command == "fail") return Fail{text_in(message, "id")};
  if (command == "sync") return Sync{};
  if (command == "log") return log_line_of(message);
  if (command == "error") return ErrorReport{text_in(message, "msg")};
  if (command == "metrics") {
    const Object* params = find(message, "params");
    return MetricUpdate{text_in(message, "name"), params == nullptr ? Value{} : value_of(*params)};
  }
  throw Fault{"\"" + excerpt(command) + "\" is no command of the protocol"};
}

/// The outermost value has depth 0 for the parser's callback.
bool is_shallow(int depth, Object::parse_event_t, const Object&) {
  if (depth >= kMaxNesting)
    throw Fault{"it is nested deeper than " + std::to_string(kMaxNesting) + " levels"};
  return true;
}

Ordered context_of(const Handshake& handshake) {
  Ordered tasks = Ordered::object();
  for (const auto& [task, component] : handshake.tasks)
    tasks[std::to_string(task)] = component;
  Ordered streams = Ordered::array();
  Ordered fields = Ordered::object();
  Ordered targets = Ordered::object();
  for (const StreamInfo& output : handshake.outputs) {
    if (!fields.contains(output.stream)) streams.push_back(output.stream);
    fields[output.stream] = output.fields;
    Ordered& target = targets[output.stream];
    if (target.is_null()) target = Ordered::object();
    if (!output.component.empty()) target[output.component] = {{"type", output.grouping}};
  }
  Ordered groupings = Ordered::object();
  Ordered input_fields = Ordered::object();
  for (const StreamInfo& input : handshake.inputs) {
    groupings[input.component][input.stream] = {{"type", input.grouping}};
    input_fields[input.component][input.stream] = input.fields;
  }
  return {{"task->component", std::move(tasks)},
          {"taskid", handshake.task},
          {"componentid", handshake.component},
          {"stream->target->grouping", std::move(targets)},
          {"streams", std::move(streams)},
          {"stream->outputfields", std::move(fields)},
          {"source->stream->grouping", std::move(groupings)},
          {"source->stream->fields", std::move(input_fields)}};
}

}  // namespace

Result<ChildMessage> parse_message(std::string_view json) {
  std::string fault;
  try {
    return message_of(Object::parse(json.begin(), json.end(), is_shallow));
  } catch (const Fault& f) {
    fault = f.text;
  } catch (const nlohmann::json::exception&) {
    fault = "it is no JSON";
  }
  return Error{ErrorKind::kInvalid, "a message of the child makes no sense: " + fault +
                                        "; it begins with: " + excerpt(json)};
}

Result<std::string> handshake_message(const Handshake& handshake,
                                      const std::string& pid_directory) {
  return written("the handshake", [&] {
    Ordered conf = Ordered::object();
    for (const auto& [name, value] : handshake.conf)
      conf[name] = json_of(value);
    return Ordered{
        {"conf", std::move(conf)}, {"pidDir", pid_directory}, {"context", context_of(handshake)}};
  });
}

Result<std::string> tuple_message(const TupleHeader& header, const Values& values) {
  return written("a tuple", [&] {
    Ordered tuple = Ordered::array();
    for (const Value& value : values)
      tuple.push_back(json_of(value));
    return Ordered{{"id", header.id},
                   {"comp", header.component},
                   {"stream", header.stream},
                   {"task", header.task},
                   {"tuple", std::move(tuple)}};
  });
}

std::string heartbeat_message(std::uint64_t number) {
  return framed({{"id", "heartbeat-" + std::to_string(number)},
                 {"comp", "__system"},
                 {"stream", "__heartbeat"},
                 {"task", -1},
                 {"tuple", Ordered::array()}});
}

std::string task_ids_message(std::span<const std::int64_t> tasks) {
  Ordered ids = Ordered::array();
  for (const std::int64_t task : tasks)
    ids.push_back(task);
  return framed(ids);
}

std::string command_message(std::string_view command) { return framed({{"command", command}}); }

std::string command_message(std::string_view command, const Value& id) {
  return framed({{"command", command}, {"id", json_of(id)}});
}

std::string excerpt(std::string_view bytes) {
  constexpr std::size_t kLongest = 120;
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes.substr(0, kLongest)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      text += "\\n";
    } else if (byte >= 0x20 && byte < 0x7f) {
      text += c;
    } else {
      text += {'\\', 'x', kDigits[byte >> 4U], kDigits[byte & 0xfU]};
    }
  }
  if (bytes.size() > kLongest) text += "...";
  return text;
}

}  // namespace bora::multilang
