#include "services/gateway/measurements.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "services/gateway/random.hpp"

namespace bora::gateway {
namespace {

using coldchain::DeviceId;

constexpr std::uint64_t kReadingsPerPercent = 200;
constexpr std::uint64_t kMotesPerFile = 100;

std::uint8_t battery_of(DeviceId device_id, std::uint64_t reading) {
  const std::uint64_t full = 60 + Random{to_uint(device_id)}.below(41);
  return static_cast<std::uint8_t>(full - std::min(full, reading / kReadingsPerPercent));
}

template <class T>
bool read_number(std::string_view text, T& value) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  return parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size();
}

std::vector<std::string_view> split(std::string_view line) {
  std::vector<std::string_view> fields;
  for (std::size_t comma = 0; comma != std::string_view::npos; line.remove_prefix(comma + 1)) {
    comma = line.find(',');
    fields.push_back(line.substr(0, comma));
    if (comma == std::string_view::npos) break;
  }
  return fields;
}

/// One CSV file: which columns matter, and its rows.
class CsvFile {
 public:
  CsvFile(const std::filesystem::path& path, std::uint64_t number, const CsvOptions& options)
      : path_(path), first_device_(number * kMotesPerFile), options_(options) {}

  Status read(std::vector<Measurement>& out) {
    std::ifstream in{path_};
    if (!in) return {ErrorKind::kNotFound, "could not open " + path_.string() + "; check the path"};
    std::string line;
    for (line_ = 1; std::getline(in, line); ++line_) {
      if (!line.empty() && line.back() == '\r') line.pop_back();
      if (line_ == 1) {
        if (Status found = find_columns(line); !found) return found;
      } else if (!line.empty()) {
        if (Status added = add_row(line, out); !added) return added;
      }
    }
    if (line_ == 1) return fault("the file is empty; it needs a header line");
    return {};
  }

 private:
  static constexpr std::array<std::string_view, 3> kColumns{"reading", "mote_id", "temperature"};

  Status find_columns(std::string_view header) {
    const auto names = split(header);
    for (std::size_t i = 0; i < kColumns.size(); ++i) {
      const auto found = std::find(names.begin(), names.end(), kColumns[i]);
      if (found == names.end()) return fault("there is no column " + std::string{kColumns[i]});
      columns_[i] = static_cast<std::size_t>(found - names.begin());
    }
    return {};
  }

  Status add_row(std::string_view line, std::vector<Measurement>& out) const {
    const auto fields = split(line);
    if (fields.size() <= *std::max_element(columns_.begin(), columns_.end()))
      return fault("the line is too short");
    std::uint64_t reading = 0;
    std::uint64_t mote = 0;
    double temperature = 0;
    if (!read_number(fields[columns_[0]], reading) || reading > 1'000'000'000)
      return fault("reading is no number");
    if (!read_number(fields[columns_[1]], mote) || mote >= kMotesPerFile)
      return fault("mote_id is not in 0..99");
    if (!read_number(fields[columns_[2]], temperature) || !std::isfinite(temperature)) {
      return fault("temperature is no number");
    }
    const DeviceId device_id{first_device_ + mote};
    out.push_back({.device_id = device_id,
                   .temperature = temperature,
                   .time = options_.start + static_cast<std::int64_t>(reading) * options_.interval,
                   .battery = battery_of(device_id, reading)});
    return {};
  }

  [[nodiscard]] Status fault(std::string_view what) const {
    return {ErrorKind::kInvalid,
            path_.string() + ":" + std::to_string(line_) + ": " + std::string{what}};
  }

  const std::filesystem::path path_;
  const std::uint64_t first_device_;
  const CsvOptions options_;
  std::size_t line_ = 0;
  std::array<std::size_t, kColumns.size()> columns_{};
};

class StoredMeasurements final : public Measurements {
 public:
  explicit StoredMeasurements(std::vector<Measurement> all) noexcept : all_(std::move(all)) {}
  std::optional<Measurement> next() override {
    return at_ < all_.size() ? std::optional{all_[at_++]} : std::nullopt;
  }
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return all_.size(); }

 private:
  std::vector<Measurement> all_;
  std::size_t at_ = 0;
};

class RandomMeasurements final : public Measurements {
 public:
  explicit RandomMeasurements(const RandomOptions& options)
      : options_(options), devices_(options.devices) {
    for (std::size_t i = 0; i < devices_.size(); ++i) {
      Random random{options.seed, i + 1};
      devices_[i] = {random, 2.0 + 4.0 * random.unit(), 20.0 + 80.0 * random.unit()};
    }
  }

  std::optional<Measurement> next() override {
    if (options_.limit && given_ == *options_.limit) return std::nullopt;
    const std::uint64_t index = given_ % devices_.size();
    // Devices take turns within an interval, each at its own phase.
    const auto phase = options_.interval * static_cast<std::int64_t>(index) /
                       static_cast<std::int64_t>(devices_.size());
    const auto round = static_cast<std::int64_t>(given_ / devices_.size());
    ++given_;
    Device& device = devices_[index];
    device.temperature += (4.0 - device.temperature) * 0.05 + (device.random.unit() - 0.5);
    device.battery -= 0.01;
    if (device.battery < 1) device.battery = 100;
    return Measurement{.device_id = DeviceId{index + 1},
                       .temperature = std::round(device.temperature * 100) / 100,
                       .time = options_.start + round * options_.interval + phase,
                       .battery = static_cast<std::uint8_t>(device.battery)};
  }
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return options_.limit; }

 private:
  struct Device {
    Random random{0};
    double temperature = 0;
    double battery = 0;
  };
  const RandomOptions options_;
  std::vector<Device> devices_;
  std::uint64_t given_ = 0;
};

}  // namespace

Result<std::unique_ptr<Measurements>> read_csv(std::span<const std::filesystem::path> files,
                                               const CsvOptions& options) {
  std::vector<Measurement> all;
  for (std::size_t i = 0; i < files.size(); ++i) {
    CsvFile file{files[i], i + 1, options};
    if (Status read = file.read(all); !read) return read;
  }
  std::stable_sort(all.begin(), all.end(), [](const Measurement& a, const Measurement& b) {
    return std::pair{a.time, a.device_id} < std::pair{b.time, b.device_id};
  });
  return std::unique_ptr<Measurements>{std::make_unique<StoredMeasurements>(std::move(all))};
}

std::unique_ptr<Measurements> random_measurements(const RandomOptions& options) {
  BORA_CHECK(options.devices > 0 && options.interval.count() > 0,
             "no devices, or no time between measurements");
  return std::make_unique<RandomMeasurements>(options);
}

}  // namespace bora::gateway
