#include "host/part_gate.hpp"

namespace bora::host {

namespace {

using http::EventStream;
using http::Request;
using http::Response;
using http::Server;

ControlRoute::Handler gated(Server::Handler handler, std::shared_ptr<PartGate> gate) {
  return [handler = std::move(handler), gate = std::move(gate)](const Request& request) {
    return gate->pass([&] { return handler(request); }, gate->closed());
  };
}

ControlRoute::Handler gated(Server::EventsHandler handler, std::shared_ptr<PartGate> gate) {
  return [handler = std::move(handler), gate = std::move(gate)](
             const Request& request, EventStream stream) -> std::optional<Response> {
    return gate->pass([&] { return handler(request, std::move(stream)); },
                      std::optional<Response>{gate->closed()});
  };
}

}  // namespace

std::vector<ControlRoute> gated_routes(Service& service, const std::shared_ptr<PartGate>& gate) {
  ControlRoutes routes;
  service.add_routes(routes);
  std::vector<ControlRoute> list = std::move(routes).take();
  for (ControlRoute& route : list)
    route.handler = std::visit(
        [&gate](auto& handler) -> ControlRoute::Handler { return gated(std::move(handler), gate); },
        route.handler);
  return list;
}

}  // namespace bora::host
