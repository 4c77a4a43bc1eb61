#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <utility>
#include <vector>

#include "host/assembly.hpp"
#include "host/control_routes.hpp"

namespace bora::host {

/// Lets the control plane's threads into a part only while it runs.
/// Threads: thread-safe; opened and closed by one.
class PartGate {
 public:
  explicit PartGate(std::string part) : part_(std::move(part)) {}

  void open() {
    const std::lock_guard lock{mutex_};
    is_open_ = true;
  }
  /// Waits for those inside.
  void close() {
    const std::lock_guard lock{mutex_};
    is_open_ = false;
  }
  /// What `inside` returns; `otherwise` when the part does not run.
  template <class Fn, class R>
  R pass(Fn inside, R otherwise) const {
    const std::shared_lock lock{mutex_};
    return is_open_ ? R{inside()} : otherwise;
  }
  [[nodiscard]] http::Response closed() const {
    http::Response response =
        http::problem(503, part_ + " does not run yet, or not any more: try again");
    response.headers.push_back({"Retry-After", "1"});
    return response;
  }

 private:
  const std::string part_;
  mutable std::shared_mutex mutex_;
  bool is_open_ = false;
};

/// The routes of a service, each behind the gate.
[[nodiscard]] std::vector<ControlRoute> gated_routes(Service& service,
                                                     const std::shared_ptr<PartGate>& gate);

}  // namespace bora::host
