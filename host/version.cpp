#include "host/version.hpp"

namespace bora::host {

std::string_view version() noexcept { return BORA_VERSION; }

std::string_view compiler() noexcept {
#if defined(__clang__)
  return "Clang " __clang_version__;
#else
  return "GCC " __VERSION__;
#endif
}

}  // namespace bora::host
