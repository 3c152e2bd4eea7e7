#include "brokers/remote_exchange.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <array>

namespace tide {

Result<std::unique_ptr<RemoteExchange>> RemoteExchange::connect(const std::filesystem::path& socket, WireRole role,
                                                                std::string_view settings, double timeout_s,
                                                                std::string_view session) {
    auto connected = connect_unix(socket, timeout_s);
    if (!connected) return connected.error();
    std::unique_ptr<RemoteExchange> exchange(new RemoteExchange(std::move(*connected)));
    WireWriter(exchange->out_, WireKind::hello).put(role).text(settings).text(session);
    exchange->flush();
    if (!exchange->alive()) return exchange->status_.error();
    return exchange;
}

void RemoteExchange::fail(const char* what) {
    if (status_) {
        status_ = make_error(ErrorCode::unreachable,
                             fmt::format("the paper exchange's process {}; positions there are as they were", what));
    }
}

void RemoteExchange::flush() {
    for (size_t at = 0; status_ && at < out_.size();) {
        const ssize_t sent = ::send(socket_.get(), out_.data() + at, out_.size() - at, MSG_NOSIGNAL);
        if (sent <= 0) return fail("does not listen any more");
        at += static_cast<size_t>(sent);
    }
    out_.clear();
}

void RemoteExchange::goes_on(const ExchangeBooks& books) {
    known_events_ = books.market_events;
    known_until_ = books.now;
    idle_ = false;  // whether it is, it will say
}

// What a paper exchange looks at; the rest stays here.
void RemoteExchange::on_event(const Event& event) {
    const bool of_market = is_market_event(event);
    if (of_market) ++market_events_;
    // Time never goes back there. An event of the same moment is told when it is one that the exchange has not seen.
    const bool known = event.received < known_until_ || (of_market && market_events_ <= known_events_);
    if (known && event.received <= known_until_) return;
    // Any event moves the exchange's time, which matters while something is under way there.
    if (!of_market && idle_) return;
    std::string bytes;
    encode(of_market ? event : Event{event.sequence, event.received, event.exchange, ClockEvent{}}, bytes);
    WireWriter(out_, WireKind::event).rest(bytes);
    told_now_ = event.received;
    flush();
}

void RemoteExchange::set_now(ReceiveTime now) {
    if (told_now_ == now || now < known_until_) return;
    told_now_ = now;
    WireWriter(out_, WireKind::now).put(now.time_since_epoch().count());
}

void RemoteExchange::submit(const Order& order) {
    idle_ = false;
    WireWriter frame(out_, WireKind::submit);
    frame.put(order.id.value()).put(order.instrument.value()).put(order.side).put(order.purpose);
    frame.put(order.quantity.units()).put(order.limit.units());
}
void RemoteExchange::cancel(const Order& order) {
    idle_ = false;
    WireWriter(out_, WireKind::cancel).put(order.id.value());
}
void RemoteExchange::replace(const Order& order, Price limit) {
    idle_ = false;
    WireWriter(out_, WireKind::replace).put(order.id.value()).put(limit.units());
}

void RemoteExchange::ask(const Order& order) {
    idle_ = false;
    WireWriter(out_, WireKind::ask).put(order.id.value());
}

void RemoteExchange::ask_books() {
    idle_ = false;
    WireWriter(out_, WireKind::ask_books);
}

std::optional<ReceiveTime> RemoteExchange::next_due() {
    if (idle_ || !status_) return std::nullopt;
    poll(ReceiveTime::min());
    return due_;
}

bool RemoteExchange::pop_due(ReceiveTime until, Event& out) {
    if (idle_ || !status_ || !poll(until)) return false;
    out = answer_.event;
    return true;
}

bool RemoteExchange::poll(ReceiveTime until) {
    WireWriter(out_, WireKind::poll).put(until.time_since_epoch().count());
    auto frame = receive();
    if (!frame || frame->kind != WireKind::polled) {
        fail("does not answer");
        return false;
    }
    return polled(frame->body);
}

bool RemoteExchange::polled(std::string_view body) {
    WireReader in(body);
    const bool has_due = in.get<uint8_t>() != 0;
    const ReceiveTime due{Duration(in.get<int64_t>())};
    due_ = has_due ? std::optional(due) : std::nullopt;
    idle_ = in.get<uint8_t>() != 0;
    const bool has = in.get<uint8_t>() != 0;
    answer_bytes_ = in.rest();
    const bool sound = in.good() && (!has || decode(answer_bytes_, answer_).has_value());
    if (!sound) fail("speaks another language");
    return sound && has;
}

Result<WireFrame> RemoteExchange::receive() {
    flush();
    in_.erase(0, std::exchange(used_, 0));
    std::array<char, 16'384> bytes;
    while (status_) {
        auto frame = read_wire_frame(in_);
        if (!frame) return frame.error();
        if (*frame) {
            used_ = (*frame)->size;
            return **frame;
        }
        const ssize_t got = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
        if (got <= 0) {
            fail(got == 0 ? "has ended" : "does not answer");
            break;
        }
        in_.append(bytes.data(), static_cast<size_t>(got));
    }
    return status_.error();
}

Result<ExchangeBooks> RemoteExchange::books() {
    WireWriter(out_, WireKind::books);
    auto frame = receive();
    if (!frame) return frame.error();
    if (frame->kind != WireKind::books_are)
        return make_error(ErrorCode::unreachable, "the paper exchange has no books");
    return read_books(frame->body);
}

Result<void> RemoteExchange::take_over() {
    WireWriter(out_, WireKind::take_over);
    auto frame = receive();
    if (!frame) return frame.error();
    if (frame->kind != WireKind::polled) return make_error(ErrorCode::unreachable, "the paper exchange refuses");
    polled(frame->body);
    return status_;
}

void RemoteExchange::goodbye() {
    WireWriter(out_, WireKind::goodbye);
    flush();
}

}  // namespace tide
