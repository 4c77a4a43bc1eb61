#pragma once

#include <filesystem>
#include <memory>
#include <string>

namespace bora::testing {

/// A certificate authority for one test, and what it signs, as PEM files. The keys are P-256, so that
/// making them costs nothing.
/// Threads: single-owner. Lifetime: the files are the directory's.
class TestAuthority {
 public:
  /// `name` begins the names of its files in `directory`.
  TestAuthority(std::filesystem::path directory, std::string name);
  ~TestAuthority();
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;

  struct Files {
    std::string certificate;
    std::string key;
  };
  /// For a server: `names` as OpenSSL writes them, "IP:127.0.0.1,DNS:localhost". A client needs none.
  [[nodiscard]] Files sign(const std::string& common_name, const std::string& names = {}) const;
  /// The same, valid until an hour ago.
  [[nodiscard]] Files sign_expired(const std::string& common_name, const std::string& names) const;
  [[nodiscard]] std::string certificate() const;

 private:
  struct Identity;
  [[nodiscard]] Files write(const Identity& identity, const std::string& common_name) const;

  std::filesystem::path directory_;
  std::string name_;
  std::unique_ptr<Identity> self_;
};

}  // namespace bora::testing
