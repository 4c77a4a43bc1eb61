#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "benchmarks/peers/bora/components.hpp"
#include "connectors/http/client.hpp"
#include "host/log.hpp"
#include "host/process.hpp"

namespace bora::scrape {

/// What the process under load consists of.
struct Shape {
  const char* name;
  const char* about;
  std::size_t topologies;
  bool is_local;  ///< All components of a topology on one thread.
};

/// A process with topologies that work as hard as they can, and its control plane on a free port. Every
/// tuple is acked. Ends the program when something cannot start, or a tuple was lost.
///
/// Threads: single-owner.
class Load {
 public:
  explicit Load(const Shape& shape);
  /// Says that spouts end, and waits until all that was sent is acked.
  ~Load();
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  /// Tuples that were acked so far.
  [[nodiscard]] std::uint64_t acked() const;
  /// GET /metrics; the answer's body.
  std::string scrape();

 private:
  peers::Options options_;
  std::vector<std::unique_ptr<peers::Run>> runs_;
  host::Log log_;
  std::unique_ptr<host::Process> process_;
  std::unique_ptr<http::Client> client_;
};

}  // namespace bora::scrape
