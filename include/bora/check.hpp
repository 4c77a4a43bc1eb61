#pragma once

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace bora::internal {

[[noreturn]] inline void check_failed(const char* file, int line, const char* condition,
                                      std::string_view what) noexcept {
  std::fprintf(stderr, "%s:%d: broken invariant: %s: %.*s\n", file, line, condition,
               static_cast<int>(what.size()), what.data());
  std::fflush(stderr);
  std::abort();
}

}  // namespace bora::internal

/// Aborts with file, line and `what` when a broken invariant is found. On in every build; never for
/// outside input. `what` is evaluated only on failure and converts to std::string_view.
#define BORA_CHECK(condition, what)                                         \
  do {                                                                      \
    if (!(condition)) [[unlikely]]                                          \
      ::bora::internal::check_failed(__FILE__, __LINE__, #condition, what); \
  } while (false)
