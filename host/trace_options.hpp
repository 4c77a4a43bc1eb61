#pragma once

#include "host/url.hpp"

namespace bora::host {

struct TraceOptions {
  /// "http://127.0.0.1:4318/v1/traces" (OTLP/HTTP, JSON), "file:traces.jsonl" (the same, a batch per line)
  /// or "file:traces.json" (trace events of Chrome). Empty: nothing is traced.
  Url to = {};
  /// Share of messages with which traces begin here, 0 to 1.
  double sample = 0.001;
};

}  // namespace bora::host
