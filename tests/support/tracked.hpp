#pragma once

#include <cstdint>
#include <mutex>
#include <set>
#include <utility>

namespace bora::test {

/// A tuple that knows every live instance of itself, so that one destroyed twice, used after its end,
/// or made over another is seen.
/// Threads: thread-safe.
class Tracked {
 public:
  explicit Tracked(std::int64_t v = 0) : value(v) { born(); }
  Tracked(const Tracked& other) : value(other.value) {
    other.look();
    born();
  }
  Tracked(Tracked&& other) noexcept : value(std::exchange(other.value, kMovedFrom)) {
    other.look();
    born();
  }
  Tracked& operator=(const Tracked& other) {
    look();
    other.look();
    value = other.value;
    return *this;
  }
  Tracked& operator=(Tracked&& other) noexcept {
    look();
    other.look();
    value = std::exchange(other.value, kMovedFrom);
    return *this;
  }
  ~Tracked() {
    const std::lock_guard lock(registry().mutex);
    if (registry().alive.erase(this) == 0) ++registry().misuses;
  }

  static constexpr std::int64_t kMovedFrom = -1'000'000;
  std::int64_t value;

  [[nodiscard]] static std::size_t alive() {
    const std::lock_guard lock(registry().mutex);
    return registry().alive.size();
  }
  /// Instances that were destroyed twice, used when dead, or made where another lived.
  [[nodiscard]] static int misuses() {
    const std::lock_guard lock(registry().mutex);
    return registry().misuses;
  }
  static void forget() {
    const std::lock_guard lock(registry().mutex);
    registry().alive.clear();
    registry().misuses = 0;
  }

 private:
  struct Registry {
    std::mutex mutex;
    std::set<const void*> alive;  // guarded by mutex
    int misuses = 0;              // guarded by mutex
  };
  static Registry& registry() {
    static Registry r;
    return r;
  }
  void born() const {
    const std::lock_guard lock(registry().mutex);
    if (!registry().alive.insert(this).second) ++registry().misuses;
  }
  void look() const {
    const std::lock_guard lock(registry().mutex);
    if (registry().alive.count(this) == 0) ++registry().misuses;
  }
};

}  // namespace bora::test
