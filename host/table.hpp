#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bora::host {

/// What is written for a terminal, or plainly for a file.
enum class Style : std::uint8_t { kPlain, kColours };
enum class Colour : std::uint8_t { kNone, kRed, kYellow, kGreen, kSoft };

[[nodiscard]] std::string coloured(std::string_view text, Colour colour, Style style);

/// Lines of cells under each other.
/// Threads: single-owner.
class Table {
 public:
  enum class Align : std::uint8_t { kLeft, kRight };
  struct Column {
    std::string title;
    Align align = Align::kLeft;
  };
  struct Cell {
    std::string text;
    Colour colour = Colour::kNone;
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  /// Requires: a cell for each column.
  void add(std::vector<Cell> row);
  [[nodiscard]] bool is_empty() const noexcept { return rows_.empty(); }
  /// With a line of titles; each line ends with a newline.
  [[nodiscard]] std::string text(Style style) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

/// For people: "1.2 M", "850", "3.4 ms", "2 h 5 min", "1.5 MiB".
[[nodiscard]] std::string short_count(double count);
[[nodiscard]] std::string short_nanos(double nanos);
[[nodiscard]] std::string short_span(double seconds);
[[nodiscard]] std::string short_bytes(double bytes);
/// Values from 0 to 1, a character each.
[[nodiscard]] std::string sparkline(const std::vector<double>& values);

}  // namespace bora::host
