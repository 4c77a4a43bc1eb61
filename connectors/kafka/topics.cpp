#include "connectors/kafka/topics.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <numeric>
#include <thread>
#include <utility>

#include "connectors/kafka/client.hpp"
#include "connectors/kafka/start_offsets.hpp"

namespace bora::kafka {
namespace {

using std::chrono::milliseconds;

using ConfigResource =
    std::unique_ptr<rd_kafka_ConfigResource_t, Freed<rd_kafka_ConfigResource_destroy>>;

/// One request and its answer.
class AdminCall {
 public:
  AdminCall(const Client& client, rd_kafka_admin_op_t operation, milliseconds timeout)
      : client_(client),
        timeout_(timeout),
        options_(rd_kafka_AdminOptions_new(client.get(), operation)),
        answers_(rd_kafka_queue_new(client.get())) {
    std::array<char, 256> ignored{};
    rd_kafka_AdminOptions_set_request_timeout(options_.get(), static_cast<int>(timeout.count()),
                                              ignored.data(), ignored.size());
  }
  [[nodiscard]] rd_kafka_AdminOptions_t* options() const noexcept { return options_.get(); }
  [[nodiscard]] rd_kafka_queue_t* queue() const noexcept { return answers_.get(); }

  /// The answer lives as long as the event.
  [[nodiscard]] Result<Event> wait(const std::string& tried) const {
    // librdkafka answers by itself when the time is over; a little later than the request's own.
    const milliseconds patience = timeout_ + milliseconds{2000};
    Event event{rd_kafka_queue_poll(answers_.get(), static_cast<int>(patience.count()))};
    if (event == nullptr) return client_.translate(RD_KAFKA_RESP_ERR__TIMED_OUT, tried);
    if (Status failed = client_.translate(rd_kafka_event_error(event.get()), tried); !failed)
      return failed;
    return Result<Event>{std::move(event)};
  }

 private:
  const Client& client_;
  milliseconds timeout_;
  AdminOptions options_;
  Queue answers_;
};

std::int64_t number(std::string_view text, std::int64_t otherwise) noexcept {
  std::int64_t value = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

void take_entry(TopicDescription& topic, std::string_view name, std::string_view value) {
  if (name == "cleanup.policy")
    topic.cleanup =
        value.find("compact") != std::string_view::npos ? Cleanup::kCompact : Cleanup::kDelete;
  else if (name == "retention.ms")
    topic.retention = milliseconds{number(value, -1)};
  else if (name == "min.insync.replicas")
    topic.min_in_sync_replicas = static_cast<std::uint32_t>(number(value, 1));
}

}  // namespace

TopicAdmin::TopicAdmin(KafkaOptions options, std::unique_ptr<Client> client, milliseconds timeout)
    : options_(std::move(options)), client_(std::move(client)), timeout_(timeout) {}
TopicAdmin::~TopicAdmin() = default;

Result<std::unique_ptr<TopicAdmin>> TopicAdmin::make(const KafkaOptions& options,
                                                     milliseconds timeout) {
  // A consumer without a group: unlike a producer it never makes a topic by asking for it.
  Result<Conf> conf = make_conf(options, Role::kConsumer, {});
  if (!conf) return conf.status();
  auto client = Client::start(Role::kConsumer, *std::move(conf), options);
  if (!client) return client.status();
  return std::unique_ptr<TopicAdmin>{new TopicAdmin{options, *std::move(client), timeout}};
}

Status TopicAdmin::create(const TopicSpec& spec) {
  const std::string tried = "create topic " + spec.name;
  std::array<char, 512> why{};
  const NewTopic topic{rd_kafka_NewTopic_new(
      spec.name.c_str(), spec.partitions ? static_cast<int>(*spec.partitions) : -1,
      spec.replication ? static_cast<int>(*spec.replication) : -1, why.data(), why.size())};
  if (topic == nullptr) return {ErrorKind::kInvalid, "could not " + tried + ": " + why.data()};
  const auto configure = [&](const char* name, const std::string& value) {
    rd_kafka_NewTopic_set_config(topic.get(), name, value.c_str());
  };
  if (spec.cleanup == Cleanup::kCompact) configure("cleanup.policy", "compact");
  if (spec.retention) configure("retention.ms", std::to_string(spec.retention->count()));

  const AdminCall call{*client_, RD_KAFKA_ADMIN_OP_CREATETOPICS, timeout_};
  rd_kafka_NewTopic_t* topics[] = {topic.get()};
  rd_kafka_CreateTopics(client_->get(), topics, 1, call.options(), call.queue());
  const Result<Event> event = call.wait(tried);
  if (!event) return event.status();
  std::size_t count = 0;
  const auto* results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event->get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    const char* words = rd_kafka_topic_result_error_string(results[i]);
    if (Status made = translate(rd_kafka_topic_result_error(results[i]), tried,
                                words != nullptr ? words : "");
        !made)
      return made;
  }
  // The controller answers before every broker has heard of it.
  const auto deadline = std::chrono::steady_clock::now() + timeout_;
  for (;;) {
    const auto seen = describe(spec.name);
    if (seen || std::chrono::steady_clock::now() > deadline) return seen.status();
    if (seen.error().kind != ErrorKind::kNotFound) return seen.status();
    std::this_thread::sleep_for(milliseconds{50});
  }
}

Result<TopicDescription> TopicAdmin::describe(const std::string& topic) {
  const std::string tried = "describe topic " + topic;
  const Topic handle{rd_kafka_topic_new(client_->get(), topic.c_str(), nullptr)};
  if (handle == nullptr) return client_->translate(rd_kafka_last_error(), tried);
  const rd_kafka_metadata_t* raw = nullptr;
  const rd_kafka_resp_err_t asked =
      rd_kafka_metadata(client_->get(), 0, handle.get(), &raw, static_cast<int>(timeout_.count()));
  const Metadata metadata{raw};
  rd_kafka_poll(client_->get(), 0);  // takes in what is said of connections
  if (asked != RD_KAFKA_RESP_ERR_NO_ERROR) return client_->translate(asked, tried);
  if (metadata->topic_cnt != 1)
    return client_->translate(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, tried);
  const rd_kafka_metadata_topic_t& seen = metadata->topics[0];
  if (seen.err != RD_KAFKA_RESP_ERR_NO_ERROR) return client_->translate(seen.err, tried);

  TopicDescription description{.name = topic};
  description.partitions = static_cast<std::uint32_t>(seen.partition_cnt);
  for (int i = 0; i < seen.partition_cnt; ++i) {
    const auto replicas = static_cast<std::uint32_t>(seen.partitions[i].replica_cnt);
    description.replication =
        i == 0 ? replicas : std::min<std::uint32_t>(description.replication, replicas);
  }
  if (Status read = describe_configuration(description); !read) return read;
  return description;
}

Status TopicAdmin::describe_configuration(TopicDescription& topic) {
  const std::string tried = "read the configuration of topic " + topic.name;
  const ConfigResource resource{
      rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.name.c_str())};
  const AdminCall call{*client_, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, timeout_};
  rd_kafka_ConfigResource_t* resources[] = {resource.get()};
  rd_kafka_DescribeConfigs(client_->get(), resources, 1, call.options(), call.queue());
  const Result<Event> event = call.wait(tried);
  if (!event) return event.status();
  std::size_t count = 0;
  const auto* answers = rd_kafka_DescribeConfigs_result_resources(
      rd_kafka_event_DescribeConfigs_result(event->get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    const char* words = rd_kafka_ConfigResource_error_string(answers[i]);
    if (Status read = translate(rd_kafka_ConfigResource_error(answers[i]), tried,
                                words != nullptr ? words : "");
        !read)
      return read;
    std::size_t entries = 0;
    const auto* entry = rd_kafka_ConfigResource_configs(answers[i], &entries);
    for (std::size_t e = 0; e < entries; ++e) {
      const char* value = rd_kafka_ConfigEntry_value(entry[e]);
      if (value != nullptr) take_entry(topic, rd_kafka_ConfigEntry_name(entry[e]), value);
    }
  }
  return {};
}

Result<std::vector<OffsetRange>> TopicAdmin::offsets(const std::string& topic) {
  const auto description = describe(topic);
  if (!description) return description.status();
  std::vector<std::uint32_t> partitions(description->partitions);
  std::iota(partitions.begin(), partitions.end(), 0u);
  // Not rd_kafka_query_watermark_offsets(), which waits for ever for a broker that went away meanwhile.
  const auto bounds = query_bounds(*client_, topic, partitions, timeout_);
  if (!bounds) return bounds.status();
  std::vector<OffsetRange> ranges;
  ranges.reserve(bounds->size());
  for (const Bounds& one : *bounds)
    ranges.push_back({one.low, one.high});
  return ranges;
}

Result<std::vector<std::int64_t>> TopicAdmin::committed(const std::string& topic,
                                                        const std::string& group) {
  const std::string tried = "read the offsets of topic " + topic + " in group " + group;
  const auto description = describe(topic);
  if (!description) return description.status();
  const Partitions asked = make_partitions();
  for (std::uint32_t i = 0; i < description->partitions; ++i)
    rd_kafka_topic_partition_list_add(asked.get(), topic.c_str(), static_cast<std::int32_t>(i));
  // Not the admin API's request for this: it aborts the process in librdkafka 2.0.2 when a broker goes
  // away while it waits.
  const auto client = group_client(group);
  if (!client) return client.status();
  const rd_kafka_resp_err_t answered =
      rd_kafka_committed((*client)->get(), asked.get(), static_cast<int>(timeout_.count()));
  rd_kafka_poll((*client)->get(), 0);  // takes in what is said of connections
  if (answered != RD_KAFKA_RESP_ERR_NO_ERROR) return (*client)->translate(answered, tried);
  std::vector<std::int64_t> offsets(description->partitions, -1);
  for (int i = 0; i < asked->cnt; ++i) {
    const rd_kafka_topic_partition_t& one = asked->elems[i];
    if (one.err != RD_KAFKA_RESP_ERR_NO_ERROR) return (*client)->translate(one.err, tried);
    if (one.offset >= 0) offsets[static_cast<std::size_t>(one.partition)] = one.offset;
  }
  return offsets;
}

Result<Client*> TopicAdmin::group_client(const std::string& group) {
  std::unique_ptr<Client>& client = group_clients_[group];
  if (client != nullptr) return client.get();
  const std::array<Preset, 1> presets{{{"group.id", group}}};
  Result<Conf> conf = make_conf(options_, Role::kConsumer, presets);
  if (!conf) return conf.status();
  auto started = Client::start(Role::kConsumer, *std::move(conf), options_);
  if (!started) return started.status();
  client = *std::move(started);
  return client.get();
}

}  // namespace bora::kafka
