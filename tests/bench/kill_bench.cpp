// Row 13 of the performance table: from the kill switch's trigger to every cancel handed to the broker link, 100 open
// orders, with the journal that a paper session keeps.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <stdexcept>

#include "app/engine_settings.hpp"
#include "app/session_driver.hpp"
#include "bindings/lua_host.hpp"
#include "journal/journal_writer.hpp"

namespace tide {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int64_t kOrders = 100;
constexpr const char* kLimits = R"(
risk.max_positions = 100
risk.max_per_underlying = 100
risk.same_direction_pct = 100
risk.same_sector_pct = 100
risk.two_expiries_from = 100
risk.position_size_pct = 100
risk.trade_loss_pct = 100
risk.underlying_exposure_pct = 100
risk.max_delta_pct = 10000
risk.max_vega_pct = 100
risk.margin_entry_pct = 100
orders.unfilled_after_s = 3600
orders.limit_from_last_pct = 20
account.equity = 100000000
)";

class CountingLink final : public BrokerLink {
  public:
    void submit(const Order&) override { ++submits; }
    void cancel(const Order&) override {
        ++cancels;
        last_cancel = Clock::now();
    }
    void replace(const Order&, Price) override {}
    void ask(const Order&) override {}
    int64_t submits = 0, cancels = 0;
    Clock::time_point last_cancel;
};

class NoRecorder final : public Recorder {
  public:
    void record(const Record&) override {}
};

// A session with 100 resting entries of the operator, one in each of 100 options.
class FullBook {
  public:
    explicit FullBook(const std::filesystem::path& file) {
        if (auto read = settings_.read_text(kLimits); !read) throw std::runtime_error(read.error().message);
        auto writer = JournalWriter::create(file.string(), {"bench", "bench"});
        if (!writer) throw std::runtime_error(writer.error().message);
        journal_ = std::move(*writer);
        link_.attach(*journal_);
        session_ = std::make_unique<Session>(settings_.session, host_, link_, recorder_);
        send(ConfigEvent{"bench = 1"});
        for (const char* item : {"brokerage", "stt", "exchange", "sebi", "stamp", "gst", "ipft"}) {
            send(ChargeRateEvent{item, "*", InstrumentKind::option, "both", 0, Money(), "none",
                                 std::string_view(item) == "gst" ? "brokerage" : "turnover", make_date(2000, 1, 1),
                                 make_date(2100, 1, 1)});
        }
        open_market();
        send(CommandEvent{CommandKind::manual_mode, "bench", "on", ""});
        for (int64_t i = 0; i < kOrders; ++i) order(i);
        if (counting_.submits != kOrders) throw std::runtime_error(fmt::format("{} orders rest", counting_.submits));
    }

    double kill() {
        const auto began = Clock::now();
        send(CommandEvent{CommandKind::kill_switch, "bench", "", "row 13"});
        if (counting_.cancels != kOrders) throw std::runtime_error(fmt::format("{} cancels", counting_.cancels));
        return std::chrono::duration<double>(counting_.last_cancel - began).count();
    }

  private:
    void open_market() {
        add(1, "NIFTY", InstrumentKind::index);
        add(2, "INDIAVIX", InstrumentKind::volatility_index);
        for (int64_t i = 0; i < kOrders; ++i) {
            Instrument option;
            option.id = InstrumentId(static_cast<uint32_t>(3 + i));
            option.kind = InstrumentKind::option;
            option.right = OptionRight::call;
            option.underlying = InstrumentId(1);
            option.expiry = i % 2 == 0 ? make_date(2024, 1, 25) : make_date(2024, 2, 29);  // one is too few for 100
            option.strike = Price::from_rupees(20'000 + 50 * i);
            option.lot = Quantity(50);
            option.freeze = Quantity(1800);
            option.symbol = option_symbol("NIFTY", *option.expiry, option.strike, option.right);
            send(InstrumentEvent{option});
        }
        TradingDayEvent day;
        day.date = make_date(2024, 1, 10);
        day.session_count = 1;
        day.sessions[0] = {hours(9) + minutes(15), hours(15) + minutes(30)};
        day.calendar = "NSE";
        send(day);
        now_ = at(day.date, hours(10) + minutes(5));
    }
    void add(uint32_t id, const char* symbol, InstrumentKind kind) {
        Instrument instrument;
        instrument.id = InstrumentId(id);
        instrument.symbol = symbol;
        instrument.kind = kind;
        send(InstrumentEvent{instrument});
    }
    void tick(uint32_t id, double last, bool quoted) {
        TickEvent tick;
        tick.instrument = InstrumentId(id);
        tick.last = Price::from_double(last);
        if (quoted) {
            tick.flags = kTickHasBid | kTickHasAsk | kTickHasOi;
            tick.bid = Price::from_double(last - 0.25);
            tick.ask = Price::from_double(last + 0.25);
            tick.oi = 100'000;
        }
        send(tick);
    }
    void order(int64_t i) {
        now_ += seconds(1);
        const auto id = static_cast<uint32_t>(3 + i);
        tick(2, 14, false);
        tick(1, 21'500, false);
        tick(id, 100, true);
        const std::string argument =
            fmt::format("side=buy;symbol={};lots=1;limit=90;confirm=yes",
                        session_->market().prices().instruments().get(InstrumentId(id)).symbol);
        send(CommandEvent{CommandKind::manual_order, "bench", argument, ""});
        OrderUpdateEvent acknowledged;
        acknowledged.order = session_->desk().newest();
        acknowledged.broker_order = BrokerOrderId(acknowledged.order.value());
        send(acknowledged);
    }
    void send(EventPayload payload) {
        Event event;
        event.sequence = ++sequence_;
        event.received = now_;
        event.payload = std::move(payload);
        if (auto done = journal_->append(event); !done) throw std::runtime_error(done.error().message);
        link_.set_event(sequence_, now_);
        session_->handle(event);
    }

    EngineSettings settings_;
    CountingLink counting_;
    JournalledLink link_{counting_, true};
    LuaHost host_;
    NoRecorder recorder_;
    std::unique_ptr<JournalSink> journal_;
    std::unique_ptr<Session> session_;
    ReceiveTime now_ = at(make_date(2024, 1, 10), hours(9));
    uint64_t sequence_ = 0;
};

void kill_switch_100_orders(benchmark::State& state) {
    const auto file = std::filesystem::temp_directory_path() / fmt::format("kill-bench-{}.journal", ::getpid());
    std::error_code ignored;
    for (auto _ : state) {
        std::filesystem::remove(file, ignored);
        FullBook book(file);
        state.SetIterationTime(book.kill());
    }
    std::filesystem::remove(file, ignored);
}
BENCHMARK(kill_switch_100_orders)->UseManualTime()->Unit(benchmark::kMicrosecond)->Iterations(20);

}  // namespace
}  // namespace tide
