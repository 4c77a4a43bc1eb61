#include "topologies/coldchain/state/redis_scripts.hpp"

namespace bora::coldchain {

const redis::Script& claim_script() {
  static const redis::Script script{R"lua(
local time, id = tonumber(ARGV[1]), ARGV[2]
local apart, kept = tonumber(ARGV[3]), tonumber(ARGV[4])
local near = redis.call('ZRANGEBYSCORE', KEYS[1],
                        string.format('(%d', time - apart), string.format('(%d', time + apart))
for _, other in ipairs(near) do
  if other == id then return 1 end
end
if #near > 0 then return 0 end
local newest = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')[2]
if newest and time < tonumber(newest) - kept then return 0 end
redis.call('ZADD', KEYS[1], ARGV[1], id)
if newest and tonumber(newest) > time then time = tonumber(newest) end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('(%d', time - kept))
redis.call('PEXPIRE', KEYS[1], kept)
return 1
)lua"};
  return script;
}

const redis::Script& told_script() {
  static const redis::Script script{R"lua(
redis.call('ZADD', KEYS[1], ARGV[1], ARGV[1])
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -tonumber(ARGV[2]) - 1)
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
)lua"};
  return script;
}

const redis::Script& begin_script() {
  static const redis::Script script{R"lua(
for i = 1, #ARGV, 3 do
  local device, since, by = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local known = redis.call('HGET', KEYS[1], device)
  if not known or tonumber(string.match(known, '^%d+')) < tonumber(since) then
    if by == '' then
      redis.call('HSET', KEYS[1], device, since)
      redis.call('ZREM', KEYS[2], device)
    else
      redis.call('HSET', KEYS[1], device, since .. ' ' .. by)
      redis.call('ZADD', KEYS[2], since, device)
    end
  end
end
return 1
)lua"};
  return script;
}

const redis::Script& end_script() {
  static const redis::Script script{R"lua(
local answers = {}
for i = 1, #ARGV, 3 do
  local device, since, ended = ARGV[i], ARGV[i + 1], ARGV[i + 1] .. ' ' .. ARGV[i + 2]
  local known = redis.call('HGET', KEYS[1], device)
  local is_older = not known or tonumber(string.match(known, '^%d+')) < tonumber(since)
  if is_older or known == since then
    redis.call('HSET', KEYS[1], device, ended)
    redis.call('ZADD', KEYS[2], since, device)
    known = ended
  end
  answers[#answers + 1] = known == ended and 1 or 0
end
return answers
)lua"};
  return script;
}

const redis::Script& forget_script() {
  static const redis::Script script{R"lua(
local old = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', '(' .. ARGV[1], 'LIMIT', 0, 1000)
for _, device in ipairs(old) do
  redis.call('HDEL', KEYS[1], device)
  redis.call('ZREM', KEYS[2], device)
end
return #old
)lua"};
  return script;
}

std::array<const redis::Script*, 5> all_scripts() {
  return {&claim_script(), &told_script(), &begin_script(), &end_script(), &forget_script()};
}

}  // namespace bora::coldchain
