#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bora/status.hpp"
#include "connectors/redis/options.hpp"
#include "connectors/redis/pipeline.hpp"
#include "connectors/redis/reply.hpp"
#include "connectors/redis/stats.hpp"

namespace bora::redis {

/// A connection to a Redis server, made when it is first needed and again whenever it broke: greeted
/// with AUTH, SELECT and CLIENT SETNAME each time, through Sentinels when there are some.
///
///   Client client{options, stats};
///   Pipeline batch;
///   batch.add({"GET", "coldchain:birth"});
///   std::vector<Reply> replies;
///   if (Status s = client.run(batch, replies); !s) return s;
///   use(replies[0].value().text());
///
/// Threads: single-owner. run() waits, at most connect_timeout + call_timeout twice.
class Client {
 public:
  /// Connects to nothing yet. `stats` outlives the client.
  Client(RedisOptions options, RedisStats& stats);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// A script that batches call. The server is told it when it does not know it, and again after it
  /// forgot. `script` outlives the client.
  void use(const Script& script) { scripts_.push_back(&script); }

  /// Sends the batch, and waits for one reply to each command. A connection that turns out to be dead
  /// is made again and the batch sent again, once: see Pipeline.
  /// Fails: kUnavailable, or as translate() says of the first command that the server refused; the
  /// others may have taken effect. After a failure, the next call may connect anew.
  Status run(const Pipeline& batch, std::vector<Reply>& replies);

  /// Where it is connected to; empty when nowhere.
  [[nodiscard]] const std::string& server() const noexcept { return server_; }

 private:
  class Connection;

  Status connect();
  Status connect_to(const Endpoint& server);
  Status greet(Connection& connection);
  Result<Endpoint> ask_sentinels();
  Status send(const Pipeline& batch, std::vector<Reply>& replies);
  Status load_scripts();
  /// What the first refused command of a batch failed by, if any.
  Status find_refusal(const std::vector<Reply>& replies);

  const RedisOptions options_;
  RedisStats& stats_;
  std::vector<const Script*> scripts_;
  std::unique_ptr<Connection> connection_;
  std::string server_;
};

}  // namespace bora::redis
