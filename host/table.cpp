#include "host/table.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "bora/check.hpp"

namespace bora::host {

namespace {

// Characters, not bytes: those that continue one do not count.
std::size_t width_of(std::string_view text) noexcept {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::string number(double value, const char* unit) {
  std::array<char, 48> text{};
  const int size =
      std::snprintf(text.data(), text.size(), value < 10 ? "%.1f%s" : "%.0f%s", value, unit);
  return {text.data(), static_cast<std::size_t>(size)};
}

// What a terminal would take for a command is none of ours: errors quote anything.
std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text)
    out += static_cast<unsigned char>(c) < ' ' || c == '\x7f' ? ' ' : c;
  return out;
}

}  // namespace

std::string coloured(std::string_view text, Colour colour, Style style) {
  static constexpr std::array<std::string_view, 5> kCodes{"", "\x1b[31m", "\x1b[33m", "\x1b[32m",
                                                          "\x1b[2m"};
  if (style == Style::kPlain || colour == Colour::kNone) return std::string{text};
  return std::string{kCodes.at(static_cast<std::size_t>(colour))} + std::string{text} + "\x1b[0m";
}

void Table::add(std::vector<Cell> row) {
  BORA_CHECK(row.size() == columns_.size(), "a row has a cell for each column");
  for (Cell& cell : row)
    cell.text = printable(cell.text);
  rows_.push_back(std::move(row));
}

std::string Table::text(Style style) const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    widths.push_back(width_of(columns_[i].title));
    for (const auto& row : rows_)
      widths[i] = std::max(widths[i], width_of(row[i].text));
  }
  std::string out;
  const auto add_line = [&](const auto& cell_of) {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const Cell cell = cell_of(i);
      const std::string gap(widths[i] - width_of(cell.text), ' ');
      const bool is_last = i + 1 == columns_.size();
      if (columns_[i].align == Align::kRight) out += gap;
      out += coloured(cell.text, cell.colour, style);
      if (columns_[i].align == Align::kLeft && !is_last) out += gap;
      out += is_last ? "\n" : "  ";
    }
  };
  add_line([&](std::size_t i) { return Cell{columns_[i].title, Colour::kSoft}; });
  for (const auto& row : rows_)
    add_line([&](std::size_t i) { return row[i]; });
  return out;
}

std::string short_count(double count) {
  if (count >= 1e9) return number(count / 1e9, " G");
  if (count >= 1e6) return number(count / 1e6, " M");
  if (count >= 1e4) return number(count / 1e3, " k");
  return std::to_string(static_cast<long long>(count + 0.5));
}

std::string short_nanos(double nanos) {
  if (nanos >= 60e9) return short_span(nanos / 1e9);
  if (nanos >= 1e9) return number(nanos / 1e9, " s");
  if (nanos >= 1e6) return number(nanos / 1e6, " ms");
  if (nanos >= 1e3) return number(nanos / 1e3, " us");
  return number(nanos, " ns");
}

std::string short_span(double seconds) {
  const auto whole = static_cast<long long>(seconds);
  const auto two = [](long long first, const char* unit, long long second, const char* rest) {
    return std::to_string(first) + unit + " " + std::to_string(second) + rest;
  };
  if (whole < 60) return std::to_string(whole) + " s";
  if (whole < 3'600) return two(whole / 60, " min", whole % 60, " s");
  if (whole < 86'400) return two(whole / 3'600, " h", whole / 60 % 60, " min");
  return two(whole / 86'400, " d", whole / 3'600 % 24, " h");
}

std::string short_bytes(double bytes) {
  if (bytes >= 1073741824.0) return number(bytes / 1073741824.0, " GiB");
  if (bytes >= 1048576.0) return number(bytes / 1048576.0, " MiB");
  if (bytes >= 1024.0) return number(bytes / 1024.0, " KiB");
  return std::to_string(static_cast<long long>(bytes)) + " B";
}

std::string sparkline(const std::vector<double>& values) {
  static constexpr std::array<const char*, 8> kBars{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  std::string out;
  for (const double value : values)
    out += kBars.at(static_cast<std::size_t>(std::clamp(value, 0.0, 1.0) * 7.0 + 0.5));
  return out;
}

}  // namespace bora::host
