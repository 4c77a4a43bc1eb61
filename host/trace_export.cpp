#include "host/trace_export.hpp"

#include <chrono>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "connectors/http/client.hpp"
#include "connectors/http/url.hpp"
#include "host/trace_json.hpp"

namespace bora::host {

namespace {

using namespace std::chrono_literals;

/// Spans that are worth a batch at once, else one goes every kEvery.
constexpr std::size_t kBatch = 512;
constexpr auto kEvery = 1s;
/// How long a target that failed is left alone, unless the process ends.
constexpr auto kAfterFailure = 5s;
/// For one batch to a server: also the longest that it holds up the end of the process.
constexpr auto kSendTimeout = 3s;
/// Where a file ends to grow: viewers load them whole.
constexpr std::uint64_t kMostFileBytes = std::uint64_t{256} << 20;

class HttpTarget final : public TraceExport::Target {
 public:
  HttpTarget(const http::HttpUrl& url, std::string program)
      : client_(options_for(url)), target_(url.target), program_(std::move(program)) {}

  Status write(const std::vector<Span>& spans) override {
    const auto answer = client_.post(target_, otlp_json(spans, program_));
    if (!answer) return answer.status();
    if (answer->status >= 200 && answer->status < 300) return {};
    return {ErrorKind::kUnavailable, "it answered " + std::to_string(answer->status)};
  }

 private:
  static http::ClientOptions options_for(const http::HttpUrl& url) {
    http::ClientOptions options;
    options.host = url.host;
    options.port = url.port;
    options.timeout = kSendTimeout;
    if (url.is_https) options.tls = http::ClientTls{};
    return options;
  }

  http::Client client_;
  const std::string target_;
  const std::string program_;
};

/// Adds to a file: lines of OTLP, or events of a JSON array that is never closed, as viewers allow.
class FileTarget final : public TraceExport::Target {
 public:
  enum class Format : std::uint8_t { kOtlpLines, kChromeEvents };
  FileTarget(int descriptor, std::uint64_t size, Format format, std::string program)
      : descriptor_(descriptor), size_(size), format_(format), program_(std::move(program)) {}
  ~FileTarget() override { ::close(descriptor_); }
  FileTarget(const FileTarget&) = delete;
  FileTarget& operator=(const FileTarget&) = delete;

  Status write(const std::vector<Span>& spans) override {
    if (size_ > kMostFileBytes)
      return {ErrorKind::kUnavailable, "the file has reached 256 MiB: move it away and restart"};
    std::string text;
    if (format_ == Format::kOtlpLines)
      text = otlp_json(spans, program_) + '\n';
    else
      text = (size_ == 0 ? "[\n" : "") + chrome_events(spans);
    for (std::string_view left = text; !left.empty();) {
      const ssize_t written = ::write(descriptor_, left.data(), left.size());
      if (written < 0) return {ErrorKind::kUnavailable, "the file cannot be written"};
      left.remove_prefix(static_cast<std::size_t>(written));
      size_ += static_cast<std::uint64_t>(written);
    }
    return {};
  }

 private:
  const int descriptor_;
  std::uint64_t size_;
  const Format format_;
  const std::string program_;
};

Result<std::unique_ptr<TraceExport::Target>> file_target(const std::string& path,
                                                         const std::string& program) {
  const bool is_lines = path.ends_with(".jsonl");
  if (!is_lines && !path.ends_with(".json"))
    return Error{ErrorKind::kInvalid, "trace.export names the file " + path +
                                          ": end its name in .jsonl (OTLP, for Jaeger) or in .json "
                                          "(trace events, for Perfetto)"};
  // Payloads are not in it, positions are.
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
  struct stat status {};
  if (descriptor < 0 || ::fstat(descriptor, &status) != 0) {
    if (descriptor >= 0) ::close(descriptor);
    return Error{ErrorKind::kUnavailable,
                 "the file of trace.export, " + path + ", cannot be opened for writing"};
  }
  using Format = FileTarget::Format;
  return std::unique_ptr<TraceExport::Target>(
      std::make_unique<FileTarget>(descriptor, static_cast<std::uint64_t>(status.st_size),
                                   is_lines ? Format::kOtlpLines : Format::kChromeEvents, program));
}

Result<std::unique_ptr<TraceExport::Target>> target_for(const Url& url,
                                                        const std::string& program) {
  if (url.scheme() == "file") return file_target(std::string{url.rest()}, program);
  const auto parsed = http::parse_http_url(url.text());
  if (!parsed) return Error{ErrorKind::kInvalid, "trace.export: " + parsed.error().message};
  return std::unique_ptr<TraceExport::Target>(std::make_unique<HttpTarget>(*parsed, program));
}

}  // namespace

Result<std::unique_ptr<TraceExport>> TraceExport::open(const TraceOptions& options,
                                                       const std::string& program, Log& log) {
  auto target = target_for(options.to, program);
  if (!target) return target.status();
  return std::make_unique<TraceExport>(std::move(target).value(), log);
}

TraceExport::TraceExport(std::unique_ptr<Target> target, Log& log, std::size_t most_waiting)
    : target_(std::move(target)), log_(log), most_waiting_(most_waiting) {
  waiting_.reserve(most_waiting_);  // take() allocates nothing
  thread_ = std::thread([this] { work(); });
}

TraceExport::~TraceExport() { stop(); }

void TraceExport::take(Span span) noexcept {
  const std::lock_guard lock(mutex_);
  if (waiting_.size() >= most_waiting_ || is_ending_) {
    dropped_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  waiting_.push_back(std::move(span));
  if (waiting_.size() == kBatch) changed_.notify_one();
}

void TraceExport::stop() {
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void TraceExport::work() {
  std::vector<Span> batch;
  batch.reserve(most_waiting_);
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait_for(lock, kEvery, [this] { return is_ending_ || waiting_.size() >= kBatch; });
    const bool is_last = is_ending_;
    std::swap(batch, waiting_);
    lock.unlock();
    if (!batch.empty()) write(batch);
    batch.clear();
    lock.lock();
    if (is_last) return;
  }
}

void TraceExport::write(std::vector<Span>& spans) {
  const Status written = target_->write(spans);
  (written ? exported_ : dropped_).fetch_add(spans.size(), std::memory_order_relaxed);
  if (written) return;
  log_.warn("traces are dropped", {{"spans", spans.size()}, {"err", written.message()}});
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kAfterFailure, [this] { return is_ending_; });
}

std::vector<Sample> TraceExport::samples() const {
  const auto counter = [](std::string name, std::string help,
                          const std::atomic<std::uint64_t>& value) {
    return Sample{std::move(name),
                  std::move(help),
                  Sample::Kind::kCounter,
                  {},
                  static_cast<double>(value.load(std::memory_order_relaxed))};
  };
  return {counter("bora_trace_spans_exported_total", "Spans that reached trace.export.", exported_),
          counter("bora_trace_spans_dropped_total",
                  "Spans that were dropped: too many at once, or trace.export failed.", dropped_)};
}

}  // namespace bora::host
