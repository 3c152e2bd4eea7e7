#include "brokers/exchange_desk.hpp"
#include "core/assert.hpp"
#include "ops/control_protocol.hpp"
#include "ops/session_view.hpp"
#include "targets.hpp"

namespace tide::fuzz {

void control_request(std::string_view bytes) {
    (void)parse_control_answer(bytes).has_value();
    const auto request = parse_control_request(bytes);
    if (!request) {
        TIDE_ASSERT(request.error().message.find('\n') == std::string::npos);
        return;
    }
    TIDE_ASSERT(request->argument.size() <= kControlArgumentMax && request->reason.size() <= kControlReasonMax);
    const auto again = parse_control_request(to_line(*request));
    TIDE_ASSERT(again && again->view == request->view && again->argument == request->argument);
}

// "view argument": what parses is within the bounds of session_view.hpp.
void session_query(std::string_view bytes) {
    const size_t blank = bytes.find(' ');
    const auto view = parse_control_view(bytes.substr(0, blank));
    if (!view || !is_asked_of_session(*view)) return;
    const auto query = parse_session_query(*view, blank == std::string_view::npos ? "" : bytes.substr(blank + 1));
    if (!query) {
        TIDE_ASSERT(!query.error().message.empty());
        return;
    }
    TIDE_ASSERT(query->count >= 1 && query->count <= kViewBarsMax && !query->expiry.empty());
    TIDE_ASSERT(parse_timeframe(query->timeframe) || parse_activity(query->timeframe));
}

// The first byte of the first frame is whatever it is: most sequences end at once, those from the corpus go on.
void exchange_frames(std::string_view bytes) {
    ExchangeDesk desk;
    std::string out;
    while (true) {
        const auto frame = read_wire_frame(bytes);
        if (!frame || !*frame) return;
        if (!desk.handle(1, **frame, out)) return;
        bytes.remove_prefix((*frame)->size);
    }
}

void exchange_books(std::string_view bytes) {
    const auto books = read_books(bytes);
    if (!books) return;
    const auto body_of = [](const ExchangeBooks& told) {
        std::string frame;
        write_books(frame, told);
        return frame.substr(kWireHeadBytes);
    };
    const std::string body = body_of(*books);
    const auto again = read_books(body);
    TIDE_ASSERT(again && again->orders.size() == books->orders.size() && body_of(*again) == body);
}

}  // namespace tide::fuzz
