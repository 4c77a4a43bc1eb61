#include "unit/engine_compile/parts.hpp"

// An ack consumes its token: without a word that says so, it does not compile.
void ack(bora::AckToken token) {
  token.ack();
  token.ack();
}
