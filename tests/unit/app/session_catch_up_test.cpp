#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "../session/session_fixture.hpp"
#include "app/interrupted_session.hpp"
#include "app/session_driver.hpp"
#include "brokers/exchange_server.hpp"
#include "brokers/paper_broker.hpp"
#include "brokers/remote_exchange.hpp"
#include "journal/journal_writer.hpp"

// A session is interrupted anywhere and goes on from its journal, with the exchange of its own process made again, or
// with one that has lived on.
namespace tide {
namespace {

namespace fs = std::filesystem;
constexpr int kSeconds = 600;

// Ten minutes of a morning, the same each time; from `broken_at` on the engine is dead.
class TenMinutes final : public Feed {
  public:
    explicit TenMinutes(size_t broken_at = SIZE_MAX) : broken_at_(broken_at) {
        const auto add = [this](ReceiveTime time, EventPayload payload) {
            events_.push_back({0, time, {}, std::move(payload)});
        };
        const ReceiveTime open = at(kDay, hours(10));
        const auto instrument = [&](InstrumentId id, const char* symbol, InstrumentKind kind) {
            Instrument made;
            made.id = id;
            made.symbol = symbol;
            made.kind = kind;
            return made;
        };
        add(open, InstrumentEvent{instrument(kNifty, "NIFTY", InstrumentKind::index)});
        add(open, InstrumentEvent{instrument(kBankNifty, "BANKNIFTY", InstrumentKind::index)});
        add(open, InstrumentEvent{instrument(kVix, "INDIAVIX", InstrumentKind::volatility_index)});
        Instrument option = instrument(kCall, "NIFTY 2024-01-25 21500 CE", InstrumentKind::option);
        option.right = OptionRight::call;
        option.underlying = kNifty;
        option.expiry = make_date(2024, 1, 25);
        option.strike = Price::from_rupees(21'500);
        option.lot = Quantity(50);
        option.freeze = Quantity(1800);
        add(open, InstrumentEvent{option});
        TradingDayEvent day;
        day.date = kDay;
        day.session_count = 1;
        day.sessions[0] = {hours(9) + minutes(15), hours(15) + minutes(30)};
        day.calendar = "NSE";
        add(open, day);
        for (int second = 0; second < kSeconds; ++second) {
            const ReceiveTime now = open + seconds(second);
            TickEvent tick;
            tick.instrument = kVix;
            tick.last = Price::from_rupees(14);
            add(now, tick);
            tick.instrument = kNifty;
            tick.last = Price::from_rupees(21'500 + second % 7);
            add(now, tick);
            tick.instrument = kCall;
            tick.flags = kTickHasBid | kTickHasAsk | kTickHasOi;
            tick.bid = Price::from_rupees(100 + second % 5);
            tick.ask = tick.bid + Price::from_double(0.5);
            tick.last = tick.bid;
            tick.oi = 100'000;
            add(now, tick);
        }
        add(open + seconds(kSeconds), DayEndEvent{kDay});
    }
    Result<bool> next(Event& event) override {
        if (at_ == events_.size()) return false;
        if (at_ >= broken_at_) return make_error(ErrorCode::io, "killed");
        event = events_[at_++];
        return true;
    }
    std::string describe() const override { return "ten minutes"; }
    size_t size() const { return events_.size(); }

  private:
    std::vector<Event> events_;
    size_t at_ = 0;
    size_t broken_at_;
};

// Everything that dies with the engine's process.
class Engine {
  public:
    Engine(const std::string& journal, bool again, ExchangeLink& exchange, size_t broken_at = SIZE_MAX)
        : feed_(broken_at), exchange_(exchange), link_(exchange, true) {
        host_.declaration.name = "test";
        host_.declaration.version = "1.0.0";
        host_.declaration.sha256 = std::string(64, 'a');
        host_.declaration.symbols = {"NIFTY"};
        host_.declaration.timeframes = {Timeframe::m1};
        host_.declaration.define(ScriptCallback::bar);
        host_.bar = [this](const BarMessage&, CallbackOutput& output) {
            Intent intent;
            const auto open = host_.services->positions(StrategyId(1));
            const bool late = host_.services->now_ns() > at(kDay, hours(10) + minutes(7)).time_since_epoch().count();
            if (open.empty() && late) return CallbackResult{};
            if (open.empty()) {
                intent.kind = IntentKind::enter;
                intent.instrument = kCall;
                intent.lots = 1;
                intent.stop_pct = 1;
            } else {
                intent.kind = IntentKind::exit;
                intent.position = PositionId(static_cast<uint64_t>(open.front().id));
                intent.reason = {3, "time", "", "held"};
            }
            intent.why = "test";
            output.intents.push_back(intent);
            return CallbackResult{};
        };
        config_.orders.duplicate_window_s = 0;
        auto opened = again ? JournalWriter::resume(journal) : JournalWriter::create(journal, {"build", "paper"});
        EXPECT_TRUE(opened) << opened.error().message;
        journal_ = std::move(*opened);
        link_.attach(*journal_);
        session_ = std::make_unique<Session>(config_, host_, link_, recorder);
        opening_.config_text = "test = 1";
        for (const char* item : {"brokerage", "stt", "exchange", "sebi", "stamp", "gst", "ipft"}) {
            ChargeRateRow row;
            row.item = item;
            row.exchange = "*";
            row.kind = InstrumentKind::option;
            row.side = "both";
            row.rounding = "none";
            row.base = std::string_view(item) == "gst" ? "brokerage" : "turnover";
            row.from = make_date(2000, 1, 1);
            row.to = make_date(2100, 1, 1);
            opening_.charges.push_back(row);
        }
        opening_.scripts.push_back({"test", "", {}, "", 0, StrategyId(1)});
    }
    Result<void> run() { return driver().run(opening_); }
    Result<void> go_on(const std::string& journal, bool exchange_goes_on) {
        auto reader = JournalReader::open(journal);
        if (!reader) return reader.error();
        return driver().run_again(opening_, *reader, exchange_goes_on);
    }
    // What was not written out is lost with the process.
    void sync() { EXPECT_TRUE(journal_->sync()); }
    const Session& session() const { return *session_; }
    KeepingRecorder recorder;

  private:
    SessionDriver driver() {
        return SessionDriver({feed_, exchange_, link_, *session_, *journal_, nullptr, [] { return Result<void>(); },
                              nullptr, nullptr, [](uint64_t) {}, true});
    }
    TenMinutes feed_;
    ExchangeLink& exchange_;
    JournalledLink link_;
    ScriptedHost host_;
    SessionConfig config_;
    SessionOpening opening_;
    std::unique_ptr<JournalWriter> journal_;
    std::unique_ptr<Session> session_;
};

class CatchUp : public ::testing::Test {
  protected:
    void SetUp() override {
        folder_ = fs::temp_directory_path() / ("tide-catch-up-" + std::to_string(::getpid()));
        fs::create_directories(folder_);
    }
    void TearDown() override { fs::remove_all(folder_); }
    std::string file(const std::string& name) const { return (folder_ / name).string(); }
    // Where each record ends, and whether the session's day was under way by then.
    static std::vector<uint64_t> record_ends(const std::string& journal) {
        std::vector<uint64_t> ends;
        auto reader = JournalReader::open(journal);
        JournalRecord record;
        bool day = false;
        while (reader->next(record).value_or(false)) {
            day = day || (!record.is_output() && std::holds_alternative<TradingDayEvent>(record.event.payload));
            if (day) ends.push_back(reader->offset());
        }
        return ends;
    }
    static uint64_t trades_in(const std::string& journal) {
        uint64_t trades = 0;
        auto reader = JournalReader::open(journal);
        JournalRecord record;
        while (reader->next(record).value_or(false)) {
            const auto* update = record.is_output() ? nullptr : std::get_if<OrderUpdateEvent>(&record.event.payload);
            trades += update != nullptr && update->kind == OrderUpdateKind::filled;
        }
        return trades;
    }
    static void expect_whole(const Engine& engine) {
        EXPECT_TRUE(engine.session().ended());
        const auto compared = engine.recorder.all<ReconcileRecord>();
        ASSERT_FALSE(compared.empty());
        for (const auto& row : compared)
            EXPECT_NE(row.action, "halt") << row.what << " " << row.subject << " " << row.values;
        EXPECT_EQ(compared.back().what, "agreed");
        std::set<uint64_t> seen;
        for (const auto& fill : engine.recorder.all<FillRecord>())
            EXPECT_TRUE(seen.insert(fill.fill.id.value()).second);
    }
    fs::path folder_;
};

TEST_F(CatchUp, a_journal_cut_after_any_record_goes_on_to_a_whole_session_that_plays_again) {
    const PaperSettings settings;
    {
        PaperBroker exchange(settings);
        Engine whole(file("whole"), false, exchange);
        const auto ran = whole.run();
        ASSERT_TRUE(ran) << ran.error().message;
        ASSERT_GE(whole.recorder.all<FillRecord>().size(), 6U);
        expect_whole(whole);
    }
    const auto ends = record_ends(file("whole"));
    std::ifstream in(file("whole"), std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    for (size_t cut = 0; cut + 2 < ends.size(); cut += 37) {
        SCOPED_TRACE(cut);
        fs::remove(file("cut"));
        std::ofstream(file("cut"), std::ios::binary) << bytes.substr(0, ends[cut]);
        PaperBroker exchange(settings);
        Engine again(file("cut"), true, exchange);
        const auto went_on = again.go_on(file("cut"), false);
        ASSERT_TRUE(went_on) << went_on.error().message;
        expect_whole(again);
    }
    // And once more from what went on.
    const auto second = record_ends(file("cut"));
    std::ifstream longer(file("cut"), std::ios::binary);
    const std::string all((std::istreambuf_iterator<char>(longer)), std::istreambuf_iterator<char>());
    for (size_t cut = second.size() - 3; cut > second.size() / 2; cut -= 151) {
        SCOPED_TRACE(cut);
        fs::remove(file("twice"));
        std::ofstream(file("twice"), std::ios::binary) << all.substr(0, second[cut]);
        PaperBroker exchange(settings);
        Engine again(file("twice"), true, exchange);
        const auto went_on = again.go_on(file("twice"), false);
        ASSERT_TRUE(went_on) << went_on.error().message;
        expect_whole(again);
    }
}

TEST_F(CatchUp, an_exchange_that_lived_on_is_asked_and_what_the_journal_lost_is_adopted) {
    const fs::path socket = folder_ / "exchange.sock";
    std::atomic<bool> stop{false};
    std::thread server([&] { EXPECT_TRUE(serve_exchange(socket, false, [&] { return stop.load(); })); });
    const auto connect = [&](const std::string& session) {
        for (;;) {
            auto exchange = RemoteExchange::connect(socket, WireRole::engine, "paper.latency_ms = 150\n", 20, session);
            // It may not have heard yet that the one before is gone, and refuse.
            if (exchange && (*exchange)->books()) return std::move(*exchange);
            std::this_thread::yield();
        }
    };
    uint64_t lost = 0;  // trades that the journals did not know of any more
    for (size_t broken_at = 200; broken_at < 1800; broken_at += 131) {
        SCOPED_TRACE(broken_at);
        const std::string name = "session-" + std::to_string(broken_at);
        {
            auto exchange = connect(name);
            Engine killed(file(name), false, *exchange, broken_at);
            EXPECT_FALSE(killed.run());
            killed.sync();
        }
        // The journal's tail is lost as far back as it may be: to the last order that was made durable.
        auto ends = record_ends(file(name));
        uint64_t keep = ends.front();
        {
            auto reader = JournalReader::open(file(name));
            JournalRecord record;
            while (reader->next(record).value_or(false)) {
                const auto* sent = record.is_output() ? std::get_if<OrderSent>(&record.output.payload) : nullptr;
                if (sent != nullptr && sent->kind != OrderSentKind::cancel) keep = std::max(keep, reader->offset());
            }
        }
        fs::resize_file(file(name), keep);
        auto exchange = connect(name);
        const auto books = exchange->books();
        ASSERT_TRUE(books);
        EXPECT_EQ(books->session, name);
        EXPECT_GT(books->market_events, 0U);
        exchange->goes_on(*books);
        lost += books->trades - trades_in(file(name));
        Engine again(file(name), true, *exchange);
        const auto went_on = again.go_on(file(name), true);
        ASSERT_TRUE(went_on) << went_on.error().message;
        expect_whole(again);
        const auto at_end = exchange->books();
        ASSERT_TRUE(at_end);
        EXPECT_EQ(again.recorder.all<FillRecord>().size(), at_end->trades);
        EXPECT_TRUE(at_end->flat());
        exchange->goodbye();
    }
    EXPECT_GT(lost, 0U);
    stop = true;
    server.join();
}

}  // namespace
}  // namespace tide
