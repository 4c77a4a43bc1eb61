#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace bora::host {

/// Edits that turn one text into the other: inserting, dropping or changing a character, or swapping
/// two neighbours (optimal string alignment).
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate that `name` was probably meant to be; empty when none is near.
[[nodiscard]] std::string nearest(std::string_view name,
                                  const std::vector<std::string>& candidates);

}  // namespace bora::host
