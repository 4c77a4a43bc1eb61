#include "benchmarks/peers/bora/oracle.hpp"

#include <array>
#include <map>

namespace bora::peers {

namespace {

template <class Each>
void for_each_sample(std::uint64_t tuples, std::uint64_t keys, Each each) {
  Sample sample;
  for (std::uint64_t i = 0; i < tuples; ++i) {
    make_tuple(i, keys, sample);
    each(sample);
  }
}

Tally chain(std::uint64_t tuples, std::uint64_t keys) {
  Tally tally;
  RunningMean mean;
  for_each_sample(tuples, keys, [&](const Sample& in) {
    tally.add(in.device, mean.next(in.device, to_fahrenheit(in.value)));
  });
  return tally;
}

Tally fan(std::uint64_t tuples, std::uint64_t keys) {
  Tally tally;
  for_each_sample(tuples, keys,
                  [&](const Sample& in) { tally.add(in.device, to_fahrenheit(in.value)); });
  return tally;
}

Tally spike(std::uint64_t tuples, std::uint64_t keys) {
  Tally tally;
  MovingMean means;
  for_each_sample(tuples, keys, [&](const Sample& in) {
    const double mean = means.next(in.device, in.value);
    if (MovingMean::is_spike(in.value, mean)) tally.add(in.device, mean);
  });
  return tally;
}

Tally window(std::uint64_t tuples, std::uint64_t keys) {
  struct Open {
    double sum = 0;
    double count = 0;
  };
  Tally tally;
  std::map<std::int64_t, Open> open;
  for_each_sample(in_closed_windows(tuples), keys, [&](const Sample& in) {
    Open& mine = open[in.device];
    mine.sum += in.value;
    mine.count += 1.0;
    if (in.time_ms % kWindowMs != kWindowMs - 1) return;
    for (const auto& [device, window] : open)
      tally.add(device, window.sum / window.count);
    open.clear();
  });
  return tally;
}

Tally wordcount(std::uint64_t sentences) {
  Tally tally;
  std::array<std::uint64_t, 1000> counts{};
  for (std::uint64_t i = 0; i < sentences; ++i)
    for (std::uint64_t nth = 0; nth < kWordsPerSentence; ++nth) {
      const std::uint64_t word = word_of(i, nth);
      tally.add(word, ++counts[word]);
    }
  return tally;
}

Tally kafka(std::uint64_t records, std::uint64_t keys) {
  Tally tally;
  for_each_sample(records, keys, [&](const Sample& in) {
    if (in.device % 10 != 0) tally.add(in.device, to_fahrenheit(in.value));
  });
  return tally;
}

}  // namespace

Tally expected_outputs(Graph graph, std::uint64_t tuples, std::uint64_t keys) {
  switch (graph) {
    case Graph::kChain: return chain(tuples, keys);
    case Graph::kWordcount: return wordcount(tuples);
    case Graph::kFan: return fan(tuples, keys);
    case Graph::kSpike: return spike(tuples, keys);
    case Graph::kWindow: return window(tuples, keys);
    case Graph::kKafka: return kafka(tuples, keys);
  }
  return {};
}

}  // namespace bora::peers
