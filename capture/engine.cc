#include "capture/engine.h"

#include <algorithm>

#include "base/log.h"
#include "capture/worker.h"

namespace tapiary::capture {

namespace {

// Workers that share an interface keep one account.
void AddRow(const LedgerRow& from, LedgerRow& to) {
  to.time_ns = std::max(to.time_ns, from.time_ns);
  to.offered += from.offered;
  to.recorded += from.recorded;
  to.recorded_bytes += from.recorded_bytes;
  to.filtered += from.filtered;
  to.mirror.Add(from.mirror);
  for (const auto& [reason, packets] : from.lost) {
    const auto known = std::ranges::find(
        to.lost, reason, [](const auto& lost) { return std::string_view(lost.first); });
    if (known == to.lost.end()) {
      to.lost.emplace_back(reason, packets);
    } else {
      known->second += packets;
    }
  }
}

}  // namespace

struct Engine::Impl {
  std::vector<std::unique_ptr<Worker>> workers;
  std::size_t next = 0;  // the consumer's: takes blocks from the workers in turn
};

Engine::Engine(EngineOptions options, std::vector<std::unique_ptr<PacketSource>> sources)
    : impl_(std::make_unique<Impl>()) {
  std::uint32_t first_stream = 0;
  options.meter.first_flow = 0;
  options.meter.flow_step = static_cast<std::uint32_t>(std::max<std::size_t>(sources.size(), 1));
  for (auto& source : sources) {
    impl_->workers.push_back(std::make_unique<Worker>(options, first_stream, std::move(source)));
    first_stream += 256;
    ++options.meter.first_flow;
  }
}

Engine::~Engine() {
  Stop();
}

base::Result<> Engine::Start() {
  std::size_t opened = 0;
  std::string errors;
  for (const auto& worker : impl_->workers) {
    const auto open = worker->Open();
    if (open) {
      ++opened;
      continue;
    }
    base::LogError("cannot capture: {}", open.error().message);
    errors += (errors.empty() ? "" : "; ") + open.error().message;
  }
  if (opened == 0) {
    if (errors.empty()) errors = "no interface or file to capture from is configured";
    return base::MakeError(base::ErrorCode::kUnavailable, errors);
  }
  for (const auto& worker : impl_->workers) {
    if (!worker->finished()) worker->Start();
  }
  return {};
}

void Engine::Stop() {
  for (const auto& worker : impl_->workers) worker->RequestStop();
  for (const auto& worker : impl_->workers) worker->Join();
}

bool Engine::finished() const {
  return std::ranges::all_of(impl_->workers, [](const auto& worker) { return worker->finished(); });
}

std::unique_ptr<Block> Engine::TakeBlock() {
  auto& workers = impl_->workers;
  for (std::size_t tried = 0; tried < workers.size(); ++tried) {
    std::unique_ptr<Block> block = workers[impl_->next]->TakeBlock();
    impl_->next = (impl_->next + 1) % workers.size();
    if (block) return block;
  }
  return nullptr;
}

void Engine::ReturnBlock(std::unique_ptr<Block> block) {
  for (const auto& worker : impl_->workers) {
    if (worker->ReturnBlock(block)) return;
  }
}

bool Engine::TakeRecords(RecordBatch& out) {
  bool any = false;
  for (const auto& worker : impl_->workers) any = worker->TakeRecords(out) || any;
  return any;
}

std::vector<LedgerRow> Engine::Ledger() const {
  std::vector<LedgerRow> rows;
  for (const auto& worker : impl_->workers) {
    LedgerRow row = worker->Ledger();
    const auto known = std::ranges::find(rows, row.interface, &LedgerRow::interface);
    if (known == rows.end()) {
      rows.push_back(std::move(row));
    } else {
      AddRow(row, *known);
    }
  }
  return rows;
}

std::vector<WorkerStatus> Engine::status() const {
  std::vector<WorkerStatus> all;
  for (const auto& worker : impl_->workers) all.push_back(worker->status());
  return all;
}

}  // namespace tapiary::capture
