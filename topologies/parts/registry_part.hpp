#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bora/record.hpp"
#include "host/assembly.hpp"
#include "topologies/coldchain/registry_view.hpp"

namespace bora::parts {

/// The registry as a part of a process: a table of every device and gateway, fed from the compacted
/// topic `registry` by a thread of its own. A change is in the view as soon as its record is durable and
/// was read.
///
///   auto registry = std::make_unique<RegistryPart>(topics->table("registry"));
///
/// The view is ready once everything that was there was read. A record that cannot be read (an unknown
/// version) makes it unready until a readable one of the same key comes: whoever asks has to wait, since
/// the old entry may be one that was revoked. While the topic cannot be reached the view stays as it is.
///
/// Threads: view() and samples() from any; the view lives as long as the part.
class RegistryPart final : public host::Service {
 public:
  /// `table` is called by the part's thread, again after the topic could not be read. `on_event` gets a
  /// line for each fault, on that thread; must not wait.
  explicit RegistryPart(std::function<std::unique_ptr<RecordSource>()> table,
                        std::function<void(const std::string&)> on_event = {});
  ~RegistryPart() override;

  [[nodiscard]] std::string_view name() const noexcept override { return "registry"; }
  /// Returns at once; the view becomes ready later.
  Status start() override;
  void stop(std::chrono::milliseconds deadline) override;
  [[nodiscard]] std::vector<host::Sample> samples() const override;
  [[nodiscard]] std::optional<std::string> unready() const override;

  [[nodiscard]] const coldchain::RegistryView& view() const noexcept { return view_; }

 private:
  class Reader;
  struct Numbers {
    std::atomic<std::uint64_t> lag{0};
    std::atomic<std::uint64_t> unreadable{0};  ///< Keys whose newest record cannot be read.
    std::atomic<std::uint64_t> failures{0};    ///< Times that the topic could not be read.
  };

  std::function<std::unique_ptr<RecordSource>()> table_;
  std::function<void(const std::string&)> on_event_;
  coldchain::RegistryView view_;
  Numbers numbers_;
  std::unique_ptr<Reader> reader_;
};

}  // namespace bora::parts
