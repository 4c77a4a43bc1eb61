#include "unit/engine_compile/parts.hpp"

void ack(const bora::AckToken& token) {
  bora::AckToken second = token;
  std::move(second).ack();
}
