#include "connectors/redis/client.hpp"

#include <array>
#include <chrono>
#include <cstdio>
#include <utility>

#include <hiredis/hiredis.h>
#include <openssl/evp.h>

#include "bora/clock.hpp"
#include "connectors/redis/errors.hpp"
#include "connectors/redis/socket.hpp"

namespace bora::redis {

namespace {
const SystemClock kClock;  // what a server takes is real time
}  // namespace

Script::Script(std::string_view source) : source_(source) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  const int done =
      EVP_Digest(source_.data(), source_.size(), digest.data(), &size, EVP_sha1(), nullptr);
  BORA_CHECK(done == 1, "no SHA-1");
  static constexpr std::string_view kHex = "0123456789abcdef";
  for (unsigned int i = 0; i < size; ++i) {
    sha1_.push_back(kHex[digest[i] >> 4]);
    sha1_.push_back(kHex[digest[i] & 15]);
  }
}

/// Bytes out, replies in.
class Client::Connection {
 public:
  explicit Connection(std::unique_ptr<internal::Transport> transport)
      : transport_(std::move(transport)), reader_(redisReaderCreate()) {
    BORA_CHECK(reader_ != nullptr, "no memory for a reader of replies");
  }

  /// Fails: kUnavailable; the connection is of no more use then.
  Status exchange(const Pipeline& batch, std::vector<Reply>& replies, Instant deadline) {
    if (Status sent = transport_->send(batch.bytes(), deadline); !sent) return sent;
    replies.reserve(replies.size() + batch.commands());
    for (std::size_t left = batch.commands(); left > 0; --left) {
      auto reply = read(deadline);
      if (!reply) return reply.status();
      replies.push_back(*std::move(reply));
    }
    return {};
  }

 private:
  struct FreeReader {
    void operator()(redisReader* reader) const noexcept { redisReaderFree(reader); }
  };

  Result<Reply> read(Instant deadline) {
    for (;;) {
      void* reply = nullptr;
      if (redisReaderGetReply(reader_.get(), &reply) != REDIS_OK)
        return Error{ErrorKind::kUnavailable,
                     std::string("the Redis server answered what is not its protocol: ") +
                         reader_->errstr + "; check address and TLS"};
      if (reply != nullptr) return Reply{static_cast<redisReply*>(reply)};
      const auto got = transport_->receive(bytes_.data(), bytes_.size(), deadline);
      if (!got) return got.status();
      redisReaderFeed(reader_.get(), bytes_.data(), *got);
    }
  }

  std::unique_ptr<internal::Transport> transport_;
  std::unique_ptr<redisReader, FreeReader> reader_;
  std::array<char, 65536> bytes_;
};

Client::Client(RedisOptions options, RedisStats& stats)
    : options_(std::move(options)), stats_(stats) {
  BORA_CHECK(!options_.endpoints.empty(), "a client of Redis without an address");
}
Client::~Client() = default;

Status Client::connect() {
  if (options_.master.empty()) return connect_to(options_.endpoints.front());
  auto master = ask_sentinels();
  return master ? connect_to(*master) : master.status();
}

Status Client::connect_to(const Endpoint& server) {
  const Instant deadline = kClock.now() + options_.connect_timeout;
  auto transport = internal::connect_tcp(server, deadline);
  if (transport && options_.security == Security::kTls)
    transport =
        internal::connect_tls(*std::move(transport), server.host, options_.ca_file, deadline);
  if (!transport) return transport.status();
  server_ = to_string(server);
  auto connection = std::make_unique<Connection>(*std::move(transport));
  if (Status greeted = greet(*connection); !greeted) return greeted;
  connection_ = std::move(connection);
  stats_.connects.fetch_add(1, std::memory_order_relaxed);
  return {};
}

/// What a server forgets with each connection.
Status Client::greet(Connection& connection) {
  Pipeline greetings;
  if (!options_.password.empty()) {
    if (options_.username.empty())
      greetings.add({"AUTH", options_.password});
    else
      greetings.add({"AUTH", options_.username, options_.password});
  }
  greetings.add({"SELECT", std::to_string(options_.database)});
  if (!options_.client_name.empty()) greetings.add({"CLIENT", "SETNAME", options_.client_name});
  std::vector<Reply> replies;
  if (Status answered =
          connection.exchange(greetings, replies, kClock.now() + options_.connect_timeout);
      !answered)
    return answered;
  return find_refusal(replies);
}

Result<Endpoint> Client::ask_sentinels() {
  Pipeline question;
  question.add({"SENTINEL", "get-master-addr-by-name", options_.master});
  std::string failures;
  for (const Endpoint& sentinel : options_.endpoints) {
    const Instant deadline = kClock.now() + options_.connect_timeout;
    auto transport = internal::connect_tcp(sentinel, deadline);
    std::vector<Reply> replies;
    Status asked = transport.status();
    if (transport) asked = Connection{*std::move(transport)}.exchange(question, replies, deadline);
    if (!asked) {
      failures += "; " + std::string(asked.message());
      continue;
    }
    const Value answer = replies.front().value();
    if (answer.size() == 2) {
      const auto host = answer[0].text();
      const auto port = answer[1].integer();
      if (host && port && *port > 0 && *port <= 65535)
        return Endpoint{std::string(*host), static_cast<std::uint16_t>(*port)};
    }
    failures += "; " + to_string(sentinel) + " does not know it";
  }
  return Error{ErrorKind::kUnavailable,
               "no Sentinel names the Redis master '" + options_.master + "'" + failures};
}

Status Client::send(const Pipeline& batch, std::vector<Reply>& replies) {
  const bool is_reused = connection_ != nullptr;
  if (!is_reused)
    if (Status connected = connect(); !connected) return connected;
  const Instant deadline = kClock.now() + options_.call_timeout;
  replies.clear();
  Status exchanged = connection_->exchange(batch, replies, deadline);
  if (exchanged) return exchanged;
  connection_.reset();
  // A server that was restarted since the last batch is noticed only now. One that was asked and does
  // not answer is not asked again.
  if (!is_reused || kClock.now() >= deadline) return exchanged;
  if (Status connected = connect(); !connected) return connected;
  replies.clear();
  exchanged = connection_->exchange(batch, replies, kClock.now() + options_.call_timeout);
  if (!exchanged) connection_.reset();
  return exchanged;
}

Status Client::find_refusal(const std::vector<Reply>& replies) {
  for (const Reply& reply : replies) {
    if (!reply.value().is_error()) continue;
    const std::string_view text = reply.value().text().value_or("");
    if (is_demoted(text)) connection_.reset();  // the next call asks who the master is
    return translate(text, server_);
  }
  return {};
}

Status Client::load_scripts() {
  Pipeline loading;
  for (const Script* script : scripts_)
    loading.add({"SCRIPT", "LOAD", script->source()});
  std::vector<Reply> replies;
  if (Status sent = send(loading, replies); !sent) return sent;
  return find_refusal(replies);
}

Status Client::run(const Pipeline& batch, std::vector<Reply>& replies) {
  replies.clear();
  if (batch.is_empty()) return {};
  const Instant began = kClock.now();
  Status outcome = send(batch, replies);
  if (outcome) outcome = find_refusal(replies);
  const bool lacks_script = !outcome && outcome.error().kind == ErrorKind::kNotFound;
  if (lacks_script && !scripts_.empty()) {
    outcome = load_scripts();
    if (outcome) outcome = send(batch, replies);
    if (outcome) outcome = find_refusal(replies);
  }
  const auto waited =
      std::chrono::duration_cast<std::chrono::microseconds>(kClock.now() - began).count();
  stats_.waited_microseconds.fetch_add(static_cast<std::uint64_t>(waited),
                                       std::memory_order_relaxed);
  if (outcome) {
    stats_.batches.fetch_add(1, std::memory_order_relaxed);
    stats_.commands.fetch_add(batch.commands(), std::memory_order_relaxed);
  } else {
    stats_.failures.fetch_add(1, std::memory_order_relaxed);
  }
  return outcome;
}

}  // namespace bora::redis
