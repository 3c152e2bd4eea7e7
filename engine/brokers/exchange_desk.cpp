#include "brokers/exchange_desk.hpp"

#include "journal/event_codec.hpp"

namespace tide {
namespace {

Error corrupt(const char* what) { return make_error(ErrorCode::corrupt, what); }

// To the year 2200: what is added to a time or a price cannot leave its type.
bool sane(ReceiveTime t) { return t.time_since_epoch() >= Duration(0) && t.time_since_epoch() < hours(24 * 365 * 230); }
bool sane(Price price) { return price.units() > -(int64_t(1) << 40) && price.units() < (int64_t(1) << 40); }
bool sane(const TickEvent& t) {
    return sane(t.last) && sane(t.bid) && sane(t.ask) && t.oi >= 0 && t.oi < (int64_t(1) << 40) && t.volume >= 0 &&
           t.volume < (int64_t(1) << 50);
}
bool sane(const Bar& b) {
    return sane(b.open) && sane(b.high) && sane(b.low) && sane(b.close) && b.oi >= 0 && b.oi < (int64_t(1) << 40) &&
           b.volume >= 0 && b.volume < (int64_t(1) << 50);
}
bool positive_and_sane(int64_t units) { return units > 0 && units < (int64_t(1) << 40); }

}  // namespace

Result<void> ExchangeDesk::handle(uint64_t client, const WireFrame& frame, std::string& out) {
    WireReader in(frame.body);
    if (frame.kind == WireKind::hello) return hello(client, in);
    if (broker_ == nullptr) return corrupt("the first frame is hello");
    if (frame.kind == WireKind::books) {
        auto books = broker_->books();
        if (!books) return books.error();
        books->session = session_;
        write_books(out, *books);
        return {};
    }
    if (frame.kind == WireKind::take_over) {
        trader_ = client;
        return poll(ReceiveTime::min(), out);
    }
    if (client != trader_) return make_error(ErrorCode::halted, "another client trades here");
    switch (frame.kind) {
        case WireKind::event:
            return market_event(in);
        case WireKind::now: {
            const ReceiveTime now{Duration(in.get<int64_t>())};
            if (!in.done() || now < now_ || !sane(now)) return corrupt("time goes back");
            now_ = now;
            broker_->set_now(now);
            return {};
        }
        case WireKind::submit:
        case WireKind::cancel:
        case WireKind::replace:
        case WireKind::ask:
            return trade(frame.kind, in);
        case WireKind::ask_books:
            if (!in.done()) return corrupt("a question about the books says nothing else");
            broker_->ask_books();
            return {};
        case WireKind::poll: {
            const ReceiveTime until{Duration(in.get<int64_t>())};
            if (!in.done()) return corrupt("a poll has a time");
            return poll(until, out);
        }
        case WireKind::goodbye:
            finished_ = broker_->idle_and_flat();
            return {};
        default:
            return corrupt("a client does not say that");
    }
}

Result<void> ExchangeDesk::hello(uint64_t client, WireReader& in) {
    const auto role = in.get<WireRole>();
    const std::string_view text = in.text();
    const std::string session(in.text());
    if (!in.done() || role > WireRole::reader) return corrupt("hello does not read");
    if (role != WireRole::engine) return {};  // may look; a watchdog says take_over before it trades
    // The same session again: its engine was interrupted. There is one engine a home, so the one before is gone.
    if (broker_ != nullptr && !session.empty() && session == session_) {
        trader_ = client;
        finished_ = false;
        return {};
    }
    if (trader_ != 0) return make_error(ErrorCode::halted, "another client trades here");
    // What an earlier session left must be closed (take_over) before the books begin anew.
    if (broker_ != nullptr && !broker_->idle_and_flat()) {
        return make_error(ErrorCode::halted, "an earlier session's positions or orders are still here");
    }
    PaperSettings settings;
    OptionModelSettings model;
    DataQualitySettings data;
    bool use_model = false;
    SettingsRegistry registry;
    settings.register_in(registry);
    data.register_in(registry);
    registry.add("option_model.rate", model.rate, -1, 1, "", "");
    registry.add("option_model.skew", model.skew, -1, 1, "", "");
    registry.add("option_model.curvature", model.curvature, 0, 1, "", "");
    registry.add("option_model.half_spread_pct", model.half_spread_pct, 0, 10, "", "");
    registry.add("session.use_option_model", use_model, "");
    if (auto read = registry.read_lines(text, "hello"); !read) return read;
    settings_ = settings;
    model_ = model;
    data_ = data;
    broker_ = std::make_unique<PaperBroker>(settings_);
    broker_->use_price_filter(data_);
    if (use_model) broker_->use_option_model(model_);
    trader_ = client;
    session_ = session;
    finished_ = false;
    now_ = {};
    instruments_ = 0;
    return {};
}

void ExchangeDesk::disconnected(uint64_t client) {
    if (client != trader_) return;
    trader_ = 0;
}

bool ExchangeDesk::known(InstrumentId id) const { return id.valid() && id.value() <= instruments_; }

Result<void> ExchangeDesk::market_event(WireReader& in) {
    JournalRecord record;
    auto size = decode(in.rest(), record);
    if (!size) return size.error();
    if (*size != in.rest().size() || record.is_output()) return corrupt("an event frame holds one event");
    const Event& event = record.event;
    if (event.received < now_ || !sane(event.received)) return corrupt("time goes back");
    if (const auto* added = std::get_if<InstrumentEvent>(&event.payload)) {
        const InstrumentId id = added->instrument.id;
        const InstrumentId underlying = added->instrument.underlying;
        if (!known(id) && id.value() != instruments_ + 1) return corrupt("instruments are numbered 1, 2, 3, …");
        if (!added->instrument.lot.units() || added->instrument.lot.units() < 0 || !added->instrument.tick.positive() ||
            (underlying.valid() && underlying.value() > instruments_ + 1)) {
            return corrupt("an instrument has a lot, a tick and a known underlying");
        }
        instruments_ = std::max<size_t>(instruments_, id.value());
    }
    const auto* tick = std::get_if<TickEvent>(&event.payload);
    const auto* bar = std::get_if<BarEvent>(&event.payload);
    if ((tick != nullptr && !known(tick->instrument)) || (bar != nullptr && !known(bar->bar.instrument))) {
        return corrupt("a price of an unknown instrument");
    }
    if ((tick != nullptr && !sane(*tick)) || (bar != nullptr && !sane(bar->bar)))
        return corrupt("no price is like this");
    now_ = event.received;
    broker_->on_event(event);
    broker_->set_now(now_);
    return {};
}

Result<void> ExchangeDesk::trade(WireKind kind, WireReader& in) {
    Order order;
    order.id = OrderId(in.get<uint64_t>());
    if (kind == WireKind::submit) {
        order.instrument = InstrumentId(in.get<uint32_t>());
        order.side = in.get<uint8_t>() == 0 ? Side::buy : Side::sell;
        order.purpose = in.get<uint8_t>() == 0 ? OrderPurpose::entry : OrderPurpose::exit;
        order.quantity = Quantity(in.get<int64_t>());
        order.limit = Price::from_units(in.get<int64_t>());
        if (!in.done() || !known(order.instrument) || !positive_and_sane(order.quantity.units()) ||
            !positive_and_sane(order.limit.units())) {
            return corrupt("an order does not read");
        }
        broker_->submit(order);
        return {};
    }
    Price limit;
    if (kind == WireKind::replace) {
        limit = Price::from_units(in.get<int64_t>());
        if (!positive_and_sane(limit.units())) return corrupt("a limit does not read");
    }
    if (!in.done()) return corrupt("an order's number does not read");
    if (kind == WireKind::cancel) {
        broker_->cancel(order);
    } else if (kind == WireKind::ask) {
        broker_->ask(order);
    } else {
        broker_->replace(order, limit);
    }
    return {};
}

Result<void> ExchangeDesk::poll(ReceiveTime until, std::string& out) {
    Event answer;
    const bool has = broker_->pop_due(until, answer);
    std::string bytes;
    if (has) {
        answer.sequence = 1;
        encode(answer, bytes);
    }
    const auto due = broker_->next_due();
    WireWriter frame(out, WireKind::polled);
    frame.put(static_cast<uint8_t>(due.has_value())).put(due.value_or(ReceiveTime{}).time_since_epoch().count());
    frame.put(static_cast<uint8_t>(broker_->idle())).put(static_cast<uint8_t>(has)).rest(bytes);
    return {};
}

}  // namespace tide
