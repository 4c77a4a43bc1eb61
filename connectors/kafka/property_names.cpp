#include "connectors/kafka/property_names.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <numeric>
#include <utility>
#include <vector>

#include <librdkafka/rdkafka.h>

namespace bora::kafka {
namespace {

using Table = std::map<std::string, Scope, std::less<>>;

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

/// Reads a line "name | C/P | range | ..." of librdkafka's own table into `table`.
void read_line(std::string_view line, Table& table) {
  const auto first = line.find('|');
  if (first == std::string_view::npos) return;
  const auto second = line.find('|', first + 1);
  if (second == std::string_view::npos) return;
  const std::string_view name = trimmed(line.substr(0, first));
  const std::string_view who = trimmed(line.substr(first + 1, second - first - 1));
  if (who == "*") table.insert_or_assign(std::string{name}, Scope::kBoth);
  if (who == "C") table.emplace(name, Scope::kConsumer);
  if (who == "P") table.emplace(name, Scope::kProducer);
}

/// librdkafka lists its properties only as a printed table.
Table read_table() {
  Table table;
  char* text = nullptr;
  std::size_t bytes = 0;
  std::FILE* file = open_memstream(&text, &bytes);
  if (file == nullptr) return table;
  rd_kafka_conf_properties_show(file);
  if (std::fclose(file) == 0) {
    std::string_view rest{text, bytes};
    while (!rest.empty()) {
      const auto end = std::min(rest.find('\n'), rest.size());
      read_line(rest.substr(0, end), table);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  std::free(text);  // NOLINT(cppcoreguidelines-no-malloc): as open_memstream() wants it
  return table;
}

const Table& table() {
  static const Table names = read_table();
  return names;
}

struct JavaName {
  std::string_view name;
  std::string_view hint;
};
constexpr std::array kJavaNames = {
    JavaName{"key.serializer", "keys are bytes here: leave it out"},
    JavaName{"value.serializer", "values are bytes here: leave it out"},
    JavaName{"key.deserializer", "keys are bytes here: leave it out"},
    JavaName{"value.deserializer", "values are bytes here: leave it out"},
    JavaName{"max.poll.records", "the spout's poll_records does this here"},
    JavaName{"buffer.memory", "use queue.buffering.max.kbytes"},
    JavaName{"max.block.ms", "nothing waits for room here: leave it out"},
    JavaName{"max.request.size", "use message.max.bytes"},
    JavaName{"partitioner.class",
             "keys go where Java's default partitioner puts them: leave it out"},
    JavaName{"sasl.jaas.config", "use sasl.username and sasl.password, or sasl.kerberos.*"},
    JavaName{"ssl.truststore.location", "use ssl.ca.location, a PEM file"},
    JavaName{"ssl.truststore.password", "use ssl.ca.location, a PEM file, which needs none"},
    JavaName{"ssl.truststore.type", "use ssl.ca.location, a PEM file"},
    JavaName{"ssl.keystore.type",
             "use ssl.certificate.location and ssl.key.location, which are PEM files"},
    JavaName{"fetch.max.wait.ms", "use fetch.wait.max.ms"},
    JavaName{"default.api.timeout.ms", "use socket.timeout.ms"},
    JavaName{"send.buffer.bytes", "use socket.send.buffer.bytes"},
    JavaName{"receive.buffer.bytes", "use socket.receive.buffer.bytes"},
    JavaName{"interceptor.classes", "there are no Java classes here: leave it out"},
    JavaName{"metric.reporters", "metrics are at /metrics: leave it out"},
    JavaName{"exclude.internal.topics", "there are no topic patterns here: leave it out"},
    JavaName{"auto.include.jmx.reporter", "metrics are at /metrics: leave it out"},
    JavaName{"group.protocol", "only the classic group protocol is there: leave it out"},
};

/// Levenshtein's.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, changed});
    }
  }
  return row[b.size()];
}

}  // namespace

Scope scope_of(std::string_view property) {
  const auto found = table().find(property);
  return found == table().end() ? Scope::kUnknown : found->second;
}

std::string hint_for(std::string_view property) {
  const auto java = std::find_if(kJavaNames.begin(), kJavaNames.end(),
                                 [&](const JavaName& one) { return one.name == property; });
  if (java != kJavaNames.end())
    return "that is a name of the Java client; " + std::string{java->hint};
  // A third of the name may be wrong: further away, a suggestion misleads.
  std::size_t best = std::max<std::size_t>(2, property.size() / 3) + 1;
  std::string_view nearest;
  for (const auto& [name, scope] : table()) {
    const std::size_t far = distance(property, name);
    if (far >= best) continue;
    best = far;
    nearest = name;
  }
  if (nearest.empty()) return {};
  return "did you mean " + std::string{nearest} + "?";
}

bool is_secret(std::string_view property) noexcept {
  constexpr std::array<std::string_view, 5> kMarks = {"password", "secret", "key.pem",
                                                      "oauthbearer.config", "jaas"};
  return std::any_of(kMarks.begin(), kMarks.end(), [&](std::string_view mark) {
    return property.find(mark) != std::string_view::npos;
  });
}

}  // namespace bora::kafka
