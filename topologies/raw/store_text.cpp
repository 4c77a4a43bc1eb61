#include "topologies/raw/store_text.hpp"

#include <ostream>
#include <string>

#include "topologies/coldchain/json_line.hpp"

namespace bora::raw {
namespace {

Status taken_by(const std::ostream& out) {
  if (out) return {};
  return {ErrorKind::kClosed,
          "could not write to the output; its reader is gone or the disk is full"};
}

}  // namespace

Status write_count(const ArchiveSet& archive, std::ostream& out) {
  const auto count = archive.count();
  if (!count) return count.status();
  out << *count << '\n' << std::flush;
  return taken_by(out);
}

Result<std::uint64_t> write_scan(const ArchiveSet& archive, const ScanRequest& request,
                                 std::ostream& out) {
  std::uint64_t lines = 0;
  std::string line;
  ArchiveSetScan scan = archive.scan(request.device_id, request.from, request.to);
  while (scan.next()) {
    const ArchiveEntry& entry = scan.entry();
    line.assign("{\"device\":").append(std::to_string(to_uint(entry.device_id)));
    line.append(",\"inserted\":").append(std::to_string(to_millis(entry.inserted)));
    line.append(",\"partition\":").append(std::to_string(entry.partition));
    line.append(",\"offset\":").append(std::to_string(entry.offset));
    line.append(",\"message\":");
    coldchain::append_as_json(entry.message, line);
    line.append("}\n");
    out << line;
    if (Status taken = taken_by(out); !taken) return taken;
    ++lines;
  }
  if (!scan.status()) return scan.status();
  out.flush();
  if (Status taken = taken_by(out); !taken) return taken;
  return lines;
}

}  // namespace bora::raw
