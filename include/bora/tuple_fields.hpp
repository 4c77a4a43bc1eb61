#pragma once

#include <string>
#include <string_view>

#include "bora/tuple_json.hpp"

namespace bora {

/// Writes a tuple as a JSON object:
///
///   void tuple_json(const Reading& in, std::string& out) {
///     TupleFields(out).add("device", in.device).add("celsius", in.celsius);
///   }
class TupleFields {
 public:
  explicit TupleFields(std::string& out) : out_(out) { out_ += '{'; }
  ~TupleFields() { out_ += '}'; }
  TupleFields(const TupleFields&) = delete;
  TupleFields& operator=(const TupleFields&) = delete;

  template <class T>
  TupleFields& add(std::string_view name, const T& value) {
    if (out_.back() != '{') out_ += ',';
    append_json_string(out_, name);
    out_ += ':';
    internal::append_tuple(out_, value);
    return *this;
  }

 private:
  std::string& out_;
};

}  // namespace bora
