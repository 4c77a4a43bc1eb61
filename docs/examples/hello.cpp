#include <cstdio>

#include "bora/topology.hpp"
#include "host/run.hpp"

struct Fridge final : bora::Spout<double> {
  bora::Next next_batch(std::size_t) override {
    emit(4.5 + double(out.emitted()), {.offset = out.emitted()});
    return out.emitted() < 6 ? bora::Next::more() : bora::Next::finished();
  }
};
struct Alarm final : bora::Bolt<double> {
  void execute(const double& in) override { std::printf(in > 8 ? "%.1f hot\n" : "%.1f\n", in); }
};
int main(int argc, char** argv) {
  bora::TopologyBuilder topology{"hello"};
  auto fridge = topology.spout("fridge", [] { return Fridge{}; });
  topology.bolt("alarm", [] { return Alarm{}; }).shuffle(fridge);
  return bora::host::run(argc, argv, "hello", [&] { return topology.build(); });
}
