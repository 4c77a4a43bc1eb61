#pragma once

#include <memory>

#include "bora/record.hpp"
#include "host/tap.hpp"

namespace bora::parts {

/// The same source, whose records can be looked at while they go by, as stream "read:TOPIC" of the
/// process. Null `taps`: the source itself.
[[nodiscard]] std::unique_ptr<RecordSource> tapped(host::Taps* taps,
                                                   std::unique_ptr<RecordSource> source);

/// The same sink; streams are "write:TOPIC", known once a record was written there.
[[nodiscard]] std::unique_ptr<RecordSink> tapped(host::Taps* taps,
                                                 std::unique_ptr<RecordSink> sink);

}  // namespace bora::parts
