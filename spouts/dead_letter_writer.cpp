#include "spouts/dead_letter_writer.hpp"

#include <algorithm>
#include <utility>

#include "bora/check.hpp"

namespace bora {

DeadLetterWriter::DeadLetterWriter(RecordSink& sink, Options options)
    : sink_(sink), options_(std::move(options)) {}

void DeadLetterWriter::add(std::shared_ptr<const Record> original, DeadLetterContext context,
                           Instant now) {
  const Tag tag = next_tag_++;
  letters_.emplace(tag, Letter{std::move(original), std::move(context), 0});
  ready_.push_back(tag);
  send_ready(now);
}

void DeadLetterWriter::run(Instant now, std::vector<RecordPosition>& written) {
  if (letters_.empty()) return;
  deliveries_.clear();
  sink_.poll(deliveries_);
  for (const RecordSink::Delivery& delivery : deliveries_) {
    const auto found = letters_.find(delivery.tag);
    if (found == letters_.end()) continue;  // forgotten
    if (delivery.status.is_ok()) {
      outages_in_a_row_ = 0;
      written.push_back(found->second.context.position);
      letters_.erase(found);
    } else if (delivery.status.is_retryable()) {
      ready_.push_back(delivery.tag);
      on_outage(delivery.status, now);
    } else {
      on_refusal(delivery.tag, found->second, delivery.status, now);
    }
  }
  send_ready(now);
}

void DeadLetterWriter::send_ready(Instant now) {
  while (const auto tag = refused_.pop_due(now))
    ready_.push_back(*tag);
  if (now < not_before_) return;
  for (; !ready_.empty(); ready_.pop_front()) {
    const auto found = letters_.find(ready_.front());
    if (found == letters_.end()) continue;  // forgotten
    Letter& letter = found->second;
    // Built at each try: append() consumes the record also when it does not take it.
    const Status status =
        sink_.append(options_.topic, dead_letter(*letter.original, letter.context), found->first);
    if (status.is_retryable()) return on_outage(status, now);
    if (!status) on_refusal(found->first, letter, status, now);
  }
}

void DeadLetterWriter::on_outage(const Status& status, Instant now) {
  ++failures_;
  ++outages_in_a_row_;
  not_before_ = now + options_.retry.outage_delay_after(outages_in_a_row_, next_tag_);
  if (outages_in_a_row_ == 1) report(status);
}

void DeadLetterWriter::on_refusal(Tag tag, Letter& letter, const Status& status, Instant now) {
  ++failures_;
  ++letter.refusals;
  const bool waits = refused_.try_push(now + options_.retry.delay_after(letter.refusals, tag), tag);
  BORA_CHECK(waits, "the buffer of refused letters has no bound of its own");
  report(status);
}

void DeadLetterWriter::report(const Status& status) const {
  if (!options_.on_error) return;
  options_.on_error("dead letters to " + options_.topic +
                    " wait, and keep their records uncommitted: " + std::string{status.message()});
}

void DeadLetterWriter::flush(std::chrono::milliseconds timeout) {
  if (letters_.empty()) return;
  sink_.flush(timeout).ignore("what it could not write stays here, uncommitted");
}

void DeadLetterWriter::forget(std::uint32_t partition) {
  std::erase_if(letters_, [partition](const auto& entry) {
    return entry.second.context.position.partition == partition;
  });
}

std::optional<Instant> DeadLetterWriter::next_due() const noexcept {
  if (letters_.empty()) return std::nullopt;
  if (!ready_.empty()) return not_before_;
  const std::optional<Instant> due = refused_.next_due();
  if (!due) return std::nullopt;
  return std::max(*due, not_before_);
}

}  // namespace bora
