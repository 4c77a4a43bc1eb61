#include "support/kafka_mock.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace bora::testing {

KafkaMock::KafkaMock(int brokers) : brokers_(brokers) {
  std::array<char, 256> why{};
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  rd_kafka_conf_set_log_cb(conf, nullptr);
  handle_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf, why.data(), why.size()));
  if (handle_ == nullptr) throw std::runtime_error(why.data());
  cluster_.reset(rd_kafka_mock_cluster_new(handle_.get(), brokers));
  if (cluster_ == nullptr) throw std::runtime_error("librdkafka made no mock cluster");
}

std::string KafkaMock::make_topic(std::uint32_t partitions) {
  std::string name = "topic-" + std::to_string(++topics_);
  const rd_kafka_resp_err_t error = rd_kafka_mock_topic_create(
      cluster(), name.c_str(), static_cast<int>(partitions), std::min(brokers_, 3));
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) throw std::runtime_error(rd_kafka_err2str(error));
  return name;
}

}  // namespace bora::testing
