#pragma once

#include <filesystem>
#include <string_view>

#include "bora/status.hpp"

namespace rocksdb {
class Status;
}

namespace bora::store {

/// Part of what translate() says about a directory that has an owner.
inline constexpr std::string_view kOpenAlready = "it is open already, here or in another process";

/// Says a RocksDB outcome in the project's terms. `tried` is a verb phrase ("open the database");
/// the text adds the path and what to do.
///
/// kUnavailable: the disk is full, the database is locked by another process, or it is busy.
/// kCorrupt: what is stored is not what was written. kNotFound, kInvalid, kInternal: as they say.
[[nodiscard]] Status translate(const rocksdb::Status& status, std::string_view tried,
                               const std::filesystem::path& path);

}  // namespace bora::store
