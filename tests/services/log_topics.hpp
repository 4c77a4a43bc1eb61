#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "bora/record.hpp"

/// Topics of an embedded log that no process has open.
/// Threads: as plain functions. Fails: aborts the test.
namespace bora::services {

void append_to_log(const std::filesystem::path& log, const std::string& topic,
                   const std::vector<Record>& records);
/// The whole topic, a partition after the other; empty when there is none.
[[nodiscard]] std::vector<Record> read_log(const std::filesystem::path& log,
                                           const std::string& topic);

}  // namespace bora::services
