#pragma once

#include <string>

#include "bora/status.hpp"
#include "host/process_view.hpp"

namespace bora::host {

/// What the control plane shows and operates: a process.
/// Threads: thread-safe; no call waits for work to be done.
class Operated {
 public:
  virtual ~Operated() = default;
  [[nodiscard]] virtual ProcessView look() const = 0;
  /// Pauses or resumes the spout, and names its topology. Doing it twice is doing it once. An empty
  /// `topology`: whichever has a spout of this name.
  /// Fails: kNotFound; kInvalid when several topologies have one.
  virtual Result<std::string> pause(const std::string& spout, const std::string& topology) = 0;
  virtual Result<std::string> resume(const std::string& spout, const std::string& topology) = 0;
  /// Has whoever runs the process stop it as a signal would.
  virtual void drain() = 0;
};

}  // namespace bora::host
