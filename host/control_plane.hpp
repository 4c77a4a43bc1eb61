#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "bora/status.hpp"
#include "host/log.hpp"
#include "host/process.hpp"
#include "host/process_view.hpp"

namespace bora::http {
class Server;
}

namespace bora::host {

/// The HTTP side of a process, for those who operate it. Reads only: it changes nothing.
/// Threads: one thread starts and stops it; `look` is called on its own thread.
class ControlPlane {
 public:
  ControlPlane(const ControlPlaneOptions& options, Log& log, std::function<ProcessView()> look);
  ~ControlPlane();
  ControlPlane(const ControlPlane&) = delete;
  ControlPlane& operator=(const ControlPlane&) = delete;

  Status start();
  void stop();
  [[nodiscard]] std::string url() const;

 private:
  std::function<ProcessView()> look_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace bora::host
