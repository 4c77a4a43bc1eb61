#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bora/clock.hpp"
#include "bora/status.hpp"
#include "host/control_options.hpp"
#include "host/control_routes.hpp"
#include "host/log.hpp"
#include "host/operated.hpp"
#include "host/tap.hpp"

namespace bora::host {

/// The HTTP side of a process, for those who operate it: host/openapi.yaml.
/// Threads: one thread starts and stops it; routes are answered on its own two.
class ControlPlane {
 public:
  /// What it refers to outlives it.
  struct Subjects {
    std::string program;
    Operated& process;
    Log& log;
    Taps& taps;
    const Clock& clock;
  };

  ControlPlane(ControlPlaneOptions options, Subjects subjects);
  ~ControlPlane();
  ControlPlane(const ControlPlane&) = delete;
  ControlPlane& operator=(const ControlPlane&) = delete;

  /// Finds or makes the token, and listens. `more` are the routes of the process' parts.
  Status start(std::vector<ControlRoute> more);
  void stop();
  [[nodiscard]] std::string url() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bora::host
