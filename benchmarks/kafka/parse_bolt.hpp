#pragma once

#include <string>

#include "bora/bolt.hpp"
#include "bora/failure.hpp"
#include "spouts/consumed_record.hpp"
#include "topologies/coldchain/codec.hpp"

namespace bora::bench {

class ParseReportBolt final : public Bolt<ConsumedRecord, coldchain::Report> {
 public:
  void execute(const ConsumedRecord& in) override {
    const auto report = coldchain::parse_report(in->value);
    if (!report) throw Permanent(std::string{report.rejection().text});
    out.emit(*report);
  }
};

}  // namespace bora::bench
