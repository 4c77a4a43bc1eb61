#include "connectors/kafka/errors.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace bora::kafka {
namespace {

struct Meaning {
  ErrorKind kind;
  std::string_view advice;
};

constexpr std::string_view kWait = "the broker did not answer or cannot now: it is tried again";

Meaning meaning_of(rd_kafka_resp_err_t code) noexcept {
  switch (code) {
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__RESOLVE:
      return {ErrorKind::kUnavailable,
              "no broker answers: check that it runs and that the address is right"};
    case RD_KAFKA_RESP_ERR__SSL:
      return {ErrorKind::kUnavailable, "TLS failed: check the certificates on both sides"};
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
      return {ErrorKind::kUnavailable,
              "the broker refuses who we are: check the credentials or the client certificate"};
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      return {ErrorKind::kInvalid,
              "the broker forbids it: give this user the right on the topic (an ACL)"};
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
      return {ErrorKind::kInvalid, "the broker forbids it: give this user READ on the group"};
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
      return {ErrorKind::kInvalid, "the broker forbids it: give this user the right (an ACL)"};
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
      return {ErrorKind::kNotFound, "no such topic or partition: create the topic first"};
    case RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS: return {ErrorKind::kInvalid, "it exists already"};
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
      return {
          ErrorKind::kInvalid,
          "the record is too large: raise message.max.bytes here and on the topic, or split it"};
    case RD_KAFKA_RESP_ERR_INVALID_MSG:
    case RD_KAFKA_RESP_ERR__BAD_MSG:
    case RD_KAFKA_RESP_ERR__BAD_COMPRESSION:
      return {ErrorKind::kCorrupt, "stored bytes do not match their checksum"};
    case RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID:
    case RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST:
      return {ErrorKind::kClosed, "the assignment was lost: its new owner does the records again"};
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
      return {ErrorKind::kClosed,
              "another process has the same group.instance.id: give each process its own"};
    case RD_KAFKA_RESP_ERR__FENCED:
    case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH:
    case RD_KAFKA_RESP_ERR_PRODUCER_FENCED:
      return {ErrorKind::kClosed, "a newer process took over this transactional.id"};
    case RD_KAFKA_RESP_ERR__DESTROY:
    case RD_KAFKA_RESP_ERR__PURGE_QUEUE:
    case RD_KAFKA_RESP_ERR__PURGE_INFLIGHT: return {ErrorKind::kClosed, "the client is closing"};
    case RD_KAFKA_RESP_ERR__FATAL:
      return {ErrorKind::kClosed, "the client can do no more: it must be made anew"};
    case RD_KAFKA_RESP_ERR__INVALID_ARG:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR_INVALID_PARTITIONS:
    case RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR:
    case RD_KAFKA_RESP_ERR_INVALID_CONFIG:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
    case RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL:
    case RD_KAFKA_RESP_ERR_INVALID_GROUP_ID:
    case RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT:
      return {ErrorKind::kInvalid, "check the settings"};
    case RD_KAFKA_RESP_ERR__QUEUE_FULL:
      return {ErrorKind::kUnavailable, "the send queue is full: it is tried again"};
    case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS:
    case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND:
      return {ErrorKind::kUnavailable, "too few replicas are in sync: bring the brokers back"};
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
    case RD_KAFKA_RESP_ERR__WAIT_COORD:
    case RD_KAFKA_RESP_ERR__WAIT_CACHE:
    case RD_KAFKA_RESP_ERR__IN_PROGRESS:
    case RD_KAFKA_RESP_ERR__PREV_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR__STATE:
    case RD_KAFKA_RESP_ERR__RETRY:
    case RD_KAFKA_RESP_ERR__NO_OFFSET:
    case RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
    case RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION:
    case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_COORDINATOR:
    case RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_NOT_CONTROLLER:
    case RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR:
    case RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT:
    case RD_KAFKA_RESP_ERR_THROTTLING_QUOTA_EXCEEDED:
    case RD_KAFKA_RESP_ERR_GROUP_MAX_SIZE_REACHED:
    case RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS: return {ErrorKind::kUnavailable, kWait};
    default: return {ErrorKind::kInternal, "not expected: report this text"};
  }
}

Status say(Meaning meaning, std::string_view tried, std::string_view words,
           std::string_view detail) {
  std::string message = "could not ";
  message.append(tried).append(": ").append(meaning.advice).append(" (").append(words);
  if (!detail.empty()) message.append("; ").append(detail);
  message.append(")");
  return {meaning.kind, std::move(message)};
}

/// What OpenSSL, or the other side by an alert, says when a certificate does not do.
struct Sign {
  std::string_view in_line;
  std::string_view meaning;
};
constexpr std::array kSecuritySigns = {
    Sign{"SSL alert number 42",
         "the broker refuses our certificate, or wants one and got none: set "
         "kafka.ssl.certificate.location and kafka.ssl.key.location"},
    Sign{"SSL alert number 116",
         "the broker wants a client certificate and got none: set "
         "kafka.ssl.certificate.location and kafka.ssl.key.location"},
    Sign{
        "SSL alert number 46",
        "the broker does not trust our certificate: have it signed by an authority that the broker "
        "trusts"},
    Sign{
        "SSL alert number 48",
        "the broker does not know the authority of our certificate: have it signed by one that the "
        "broker trusts"},
    Sign{"SSL alert number 45", "our certificate has expired: renew it"},
    Sign{
        "certificate verify failed",
        "we do not trust the broker's certificate: set kafka.ssl.ca.location to the authority that "
        "signed it, and reach the broker by a name that the certificate holds"},
    Sign{"SSL_CERTIFICATE", "we do not trust the broker's certificate: set kafka.ssl.ca.location"},
    Sign{"unknown CA", "the authority of a certificate is not trusted"},
    Sign{"wrong version number",
         "the broker does not speak TLS at this address: use its TLS listener, or "
         "kafka.security.protocol=plaintext"},
    Sign{"connecting to a SSL listener",
         "the broker wants TLS at this address: set kafka.security.protocol=ssl"},
    Sign{"security.protocol", "the broker's listener and kafka.security.protocol do not match"},
    Sign{"SASL authentication error",
         "the broker refuses the credentials: check kafka.sasl.username, kafka.sasl.password and "
         "kafka.sasl.mechanism"},
    Sign{"SSL handshake failed",
         "TLS could not be agreed on: check the certificates on both sides"},
    Sign{"SSL_HANDSHAKE",
         "the other side ended the TLS handshake: check that this is its TLS listener, and the "
         "certificates on both sides"},
};

}  // namespace

ErrorKind kind_of(rd_kafka_resp_err_t code) noexcept { return meaning_of(code).kind; }

Status translate(rd_kafka_resp_err_t code, std::string_view tried, std::string_view detail) {
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return say(meaning_of(code), tried, rd_kafka_err2str(code), detail);
}

Status translate(const KafkaError& error, std::string_view tried, std::string_view detail) {
  if (error == nullptr) return {};
  Meaning meaning = meaning_of(rd_kafka_error_code(error.get()));
  if (rd_kafka_error_is_retriable(error.get()) != 0 && meaning.kind != ErrorKind::kUnavailable)
    meaning = {ErrorKind::kUnavailable, kWait};
  return say(meaning, tried, rd_kafka_error_string(error.get()), detail);
}

std::string explain_security(std::string_view log_line) {
  const auto found = std::find_if(
      kSecuritySigns.begin(), kSecuritySigns.end(),
      [&](const Sign& sign) { return log_line.find(sign.in_line) != std::string_view::npos; });
  return found == kSecuritySigns.end() ? std::string{} : std::string{found->meaning};
}

}  // namespace bora::kafka
