#include "topologies/coldchain/codec.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <memory>
#include <simdjson.h>
#include <string>
#include <system_error>
#include <tuple>
#include <utility>

#include "topologies/coldchain/fields.hpp"
#include "topologies/coldchain/numbers.hpp"

// simdjson's document model, not its on-demand parser. On-demand validates only what is visited, so a
// strict codec visits everything, and then it is the slower one: 350 ns against 210 ns for the report
// of 170 bytes in the README. The document model also picks its instruction set at run time, while
// on-demand is bound to the one that the binary was compiled for.

namespace bora::coldchain {
namespace {

using namespace internal;
namespace dom = simdjson::dom;

/// The bytes of a record, copied to where simdjson may read past their end, and the parser's memory.
/// Both grow by doubling with the largest record seen.
class Workspace {
 public:
  /// The record as an object. Its elements live until the next call.
  simdjson::error_code parse(std::string_view bytes, dom::object& record) {
    if (!buffer_ || bytes.size() > capacity_) grow(bytes.size());
    size_ = bytes.size();
    std::copy(bytes.begin(), bytes.end(), buffer_.get());
    return parse_buffer(record);
  }
  /// After a parse() that failed: again, with the numbers mended that only simdjson refuses.
  std::pair<simdjson::error_code, NumberRepair> parse_repaired(dom::object& record) {
    const NumberRepair repair = repair_numbers({buffer_.get(), size_});
    return {parse_buffer(record), repair};
  }

 private:
  simdjson::error_code parse_buffer(dom::object& record) {
    const auto* const data = reinterpret_cast<const std::uint8_t*>(buffer_.get());
    return parser_.parse(data, size_, /*realloc_if_needed=*/false).get(record);
  }
  void grow(std::size_t needed) {
    capacity_ = std::bit_ceil(std::max(needed, std::size_t{1024}));
    buffer_ = std::make_unique<char[]>(capacity_ + simdjson::SIMDJSON_PADDING);
    BORA_CHECK(parser_.allocate(capacity_) == simdjson::SUCCESS, "no memory for the JSON parser");
  }

  dom::parser parser_;
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;
};

[[nodiscard]] bool accepts(Field field, dom::element_type type) {
  const bool is_number = type == dom::element_type::INT64 || type == dom::element_type::UINT64 ||
                         type == dom::element_type::DOUBLE;
  switch (field) {
    case Field::kGateway:
    case Field::kDevice:
    case Field::kReading: return type == dom::element_type::OBJECT;
    case Field::kGatewayToken: return type == dom::element_type::STRING;
    case Field::kDeviceAuth: return is_number || type == dom::element_type::STRING;
    case Field::kIgnored: return true;
    default: return is_number;
  }
}

[[nodiscard]] std::string_view must_be(Field field) {
  switch (field) {
    case Field::kGateway:
    case Field::kDevice:
    case Field::kReading: return " must be an object";
    case Field::kGatewayToken: return " must be a string";
    case Field::kDeviceAuth:
      return " must be an unsigned 64-bit integer or its decimal digits in a string";
    case Field::kTemp: return " must be a number";
    default: return " must be an integer";
  }
}

/// Takes the wanted fields out of a record that is known to be JSON, and notes the first fault.
class FieldReader {
 public:
  explicit FieldReader(FieldSet wanted) noexcept : wanted_(wanted) {}

  void read(dom::object record);
  /// Requires a call of read(). Values are complete when there is no fault.
  [[nodiscard]] std::optional<Rejection> fault() const;
  [[nodiscard]] const FieldValues& values() const noexcept { return values_; }

 private:
  void read_object(dom::object object, Field self);
  void read_value(dom::element value, Field field);
  void read_number(dom::element value, Field field);
  void read_secret_digits(std::string_view text);
  std::uint64_t read_integer(dom::element value, Field field, std::uint64_t most);
  void check_nesting(dom::element value, int level);
  void note(RejectReason reason, Field field, std::string_view what);

  const FieldSet wanted_;
  FieldSet seen_ = 0;
  FieldValues values_;
  bool is_too_deep_ = false;
  std::optional<Rejection> fault_;
};

void FieldReader::read(dom::object record) { read_object(record, Field::kIgnored); }

std::optional<Rejection> FieldReader::fault() const {
  if (is_too_deep_) {
    return Rejection{RejectReason::kTooDeep,
                     "the record is nested deeper than " + std::to_string(kMaxNesting)};
  }
  if (fault_) return fault_;
  if (const FieldSet missing = wanted_ & ~seen_; missing != 0) {
    const auto first = static_cast<std::size_t>(std::countr_zero(missing));
    return Rejection{RejectReason::kMissingField,
                     std::string{kFieldNames[first]}.append(" is missing")};
  }
  return std::nullopt;
}

void FieldReader::note(RejectReason reason, Field field, std::string_view what) {
  if (!fault_)
    fault_ =
        Rejection{reason, std::string{kFieldNames[static_cast<std::size_t>(field)]}.append(what)};
}

/// `self` is the field that holds the object; kIgnored for the record.
void FieldReader::read_object(dom::object object, Field self) {
  for (const dom::key_value_pair entry : object) {
    Field field = find_field(self, entry.key);
    if (field != Field::kIgnored && (wanted_ & bit(field)) != 0) {
      if ((seen_ & bit(field)) != 0) note(RejectReason::kDuplicateField, field, " stands twice");
      seen_ |= bit(field);
      if (!accepts(field, entry.value.type())) {
        note(RejectReason::kWrongType, field, must_be(field));
        field = Field::kIgnored;
      }
    } else {
      field = Field::kIgnored;
    }
    if (field == Field::kIgnored) {
      check_nesting(entry.value, self == Field::kIgnored ? 2 : 3);
    } else {
      read_value(entry.value, field);
    }
  }
}

/// Requires: accepts(field, value.type()).
void FieldReader::read_value(dom::element value, Field field) {
  switch (value.type()) {
    case dom::element_type::OBJECT: return read_object(value.get_object().value_unsafe(), field);
    case dom::element_type::STRING: {
      const std::string_view text = value.get_string().value_unsafe();
      if (field == Field::kDeviceAuth) return read_secret_digits(text);
      if (text.size() > GatewaySecret::kMaxBytes)
        return note(RejectReason::kOutOfRange, field, " is longer than 64 bytes");
      values_.token = GatewaySecret{text};
      return;
    }
    default: return read_number(value, field);
  }
}

void FieldReader::read_secret_digits(std::string_view text) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) {
    return note(RejectReason::kWrongType, Field::kDeviceAuth, must_be(Field::kDeviceAuth));
  }
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), values_.device_auth);
  if (parsed.ec != std::errc{})
    note(RejectReason::kOutOfRange, Field::kDeviceAuth, " does not fit 64 bits");
}

void FieldReader::read_number(dom::element value, Field field) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  constexpr std::uint64_t kLatest = std::numeric_limits<std::int64_t>::max();
  switch (field) {
    case Field::kTemp: values_.temp = value.get_double().value_unsafe(); break;
    case Field::kGatewayId: values_.gateway_id = read_integer(value, field, kMost); break;
    case Field::kDeviceId: values_.device_id = read_integer(value, field, kMost); break;
    case Field::kDeviceAuth: values_.device_auth = read_integer(value, field, kMost); break;
    case Field::kTime:
      values_.time = static_cast<std::int64_t>(read_integer(value, field, kLatest));
      break;
    case Field::kReceived:
      values_.received = static_cast<std::int64_t>(read_integer(value, field, kLatest));
      break;
    case Field::kBatt:
      values_.batt = static_cast<std::uint8_t>(read_integer(value, field, 100));
      break;
    default: BORA_CHECK(false, "a number for a field that takes none");
  }
}

std::uint64_t FieldReader::read_integer(dom::element value, Field field, std::uint64_t most) {
  constexpr double kBeyondIntegers = 9223372036854775808.0;  // 2^63
  if (value.type() == dom::element_type::DOUBLE &&
      std::abs(value.get_double().value_unsafe()) < kBeyondIntegers) {
    note(RejectReason::kWrongType, field, must_be(field));
    return 0;
  }
  std::uint64_t integer = 0;
  if (value.get_uint64().get(integer) != simdjson::SUCCESS || integer > most) {
    note(RejectReason::kOutOfRange, field, " must be in 0.." + std::to_string(most));
    return 0;
  }
  return integer;
}

/// `level` is the nesting that `value` would have as an object or array.
void FieldReader::check_nesting(dom::element value, int level) {
  if (is_too_deep_) return;
  if (value.is_object()) {
    is_too_deep_ = level > kMaxNesting;
    const dom::object object = value.get_object().value_unsafe();
    for (const dom::key_value_pair entry : object)
      check_nesting(entry.value, level + 1);
  } else if (value.is_array()) {
    is_too_deep_ = level > kMaxNesting;
    const dom::array array = value.get_array().value_unsafe();
    for (const dom::element element : array)
      check_nesting(element, level + 1);
  }
}

Rejection rejection_of(simdjson::error_code error) {
  switch (error) {
    case simdjson::UTF8_ERROR: return {RejectReason::kInvalidUtf8, "the record is not valid UTF-8"};
    case simdjson::DEPTH_ERROR:
      return {RejectReason::kTooDeep,
              "the record is nested deeper than " + std::to_string(kMaxNesting)};
    default:
      return {RejectReason::kMalformedJson,
              std::string{"the record is not one JSON object: "}.append(
                  simdjson::error_message(error))};
  }
}

Parsed<FieldValues> parse_fields(FieldSet wanted, std::string_view bytes) {
  if (bytes.size() > kMaxRecordBytes) {
    return Rejection{RejectReason::kTooLarge, "the record has " + std::to_string(bytes.size()) +
                                                  " bytes, more than " +
                                                  std::to_string(kMaxRecordBytes)};
  }
  thread_local Workspace workspace;
  dom::object record;
  simdjson::error_code error = workspace.parse(bytes, record);
  if (error == simdjson::NUMBER_ERROR || error == simdjson::TAPE_ERROR ||
      error == simdjson::N_ATOM_ERROR) {
    NumberRepair repair{};
    std::tie(error, repair) = workspace.parse_repaired(record);
    if (!error && repair == NumberRepair::kNonFinite) {
      return Rejection{RejectReason::kNonFinite, "the record holds a number that is not finite"};
    }
  }
  if (error) return rejection_of(error);
  FieldReader reader{wanted};
  reader.read(record);
  if (auto fault = reader.fault()) return *std::move(fault);
  return reader.values();
}

}  // namespace

Parsed<Report> parse_report(std::string_view bytes) {
  const auto fields = parse_fields(kReportFields, bytes);
  if (!fields) return fields.rejection();
  return Report{.device_id = DeviceId{fields->device_id},
                .gateway_id = GatewayId{fields->gateway_id},
                .temperature = fields->temp,
                .time = from_millis(fields->time),
                .battery = fields->batt,
                .device_secret = DeviceSecret{fields->device_auth},
                .gateway_secret = fields->token};
}

Parsed<Reading> parse_reading(std::string_view bytes) {
  const auto fields = parse_fields(kReadingFields, bytes);
  if (!fields) return fields.rejection();
  return Reading{.device_id = DeviceId{fields->device_id},
                 .gateway_id = GatewayId{fields->gateway_id},
                 .temperature = fields->temp,
                 .time = from_millis(fields->time),
                 .received = from_millis(fields->received),
                 .battery = fields->batt};
}

Parsed<MessageIdentity> parse_identity(MessageKind kind, std::string_view bytes) {
  const auto fields =
      parse_fields(kind == MessageKind::kReport ? kReportFields : kReadingFields, bytes);
  if (!fields) return fields.rejection();
  return MessageIdentity{.device_id = DeviceId{fields->device_id},
                         .gateway_id = GatewayId{fields->gateway_id},
                         .time = from_millis(fields->time)};
}

std::optional<Rejection> check_clock_skew(WallTime measured, WallTime received) {
  // Either may be anything that 64 bits hold: the difference is taken unsigned, where it cannot overflow.
  if (measured <= received) return std::nullopt;
  const auto ahead = static_cast<std::uint64_t>(to_millis(measured)) -
                     static_cast<std::uint64_t>(to_millis(received));
  if (ahead <= static_cast<std::uint64_t>(std::chrono::milliseconds{kMaxClockSkew}.count()))
    return std::nullopt;
  return Rejection{RejectReason::kClockSkew,
                   "reading.time is " + std::to_string(ahead) +
                       " ms after the record was received, more than 5 min"};
}

}  // namespace bora::coldchain
