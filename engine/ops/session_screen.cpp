#include "ops/session_screen.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ops/happenings.hpp"
#include "ops/terminal_width.hpp"
#include "ops/text_table.hpp"

namespace tide {
namespace {

constexpr size_t kIndent = 20;       // of what follows time and label
constexpr size_t kMaxPositions = 6;  // in the block
constexpr size_t kMaxUndrawn = 200;  // happenings that may wait for a redraw
constexpr size_t kNarrowest = 40;
constexpr size_t kWidest = 160;
constexpr const char* kHideCursor = "\x1b[?25l";
constexpr const char* kShowCursor = "\x1b[?25h";

// A line of pieces, each with a tone; cut to the terminal's width before colours go in.
class ToneLine {
  public:
    ToneLine& add(std::string_view text, Tone tone = Tone::plain) {
        pieces_.emplace_back(printable(text), tone);
        return *this;
    }
    size_t width() const {
        size_t width = 0;
        for (const auto& piece : pieces_) width += display_width(piece.first);
        return width;
    }
    std::string render(size_t width, bool colour) const {
        std::string out;
        for (const auto& [text, tone] : pieces_) {
            const std::string shown = fit_to_width(text, width);
            out += in_tone(shown, tone, colour);
            width -= display_width(shown);
            if (shown.size() != text.size()) break;
        }
        return out;
    }

  private:
    std::vector<std::pair<std::string, Tone>> pieces_;
};

std::string clock_of(ReceiveTime time) { return format_time_of_day(ist_since_midnight(time)); }

const char* words_for_phase(std::string_view phase) {
    if (phase == "pre_open") return "before open";
    if (phase == "open") return "market open";
    if (phase == "entry_cutoff") return "no new entries";
    if (phase == "square_off") return "closing all";
    if (phase == "close" || phase == "closed" || phase == "day_end") return "market closed";
    return "";
}

}  // namespace

struct SessionScreen::Impl {
    explicit Impl(SessionScreenOptions some_options)
        : options(std::move(some_options)),
          teller({options.lot_size, options.material_stop_move_pct, options.notes_per_day}) {}

    size_t width() const;
    std::vector<std::string> lines_for(const Happening& happening) const;
    std::string heading(const Happening& happening) const;
    void write_plain();
    void hold_quiet_days();
    void draw();
    std::vector<std::string> block() const;
    std::vector<ToneLine> price_lines() const;
    ToneLine money_line() const;
    std::vector<ToneLine> position_lines(const LivePosition& position) const;
    void put(const std::string& text) const {
        std::fwrite(text.data(), 1, text.size(), options.out);
        std::fflush(options.out);
    }

    SessionScreenOptions options;
    HappeningTeller teller;
    std::vector<Happening> untold;
    std::vector<Happening> held;  // the heading of a day that has been quiet so far
    int64_t quiet_days = 0;       // since the last line
    std::optional<LiveView> view;
    size_t drawn_lines = 0;  // of the block on the screen; the cursor is on the line after it
    bool cursor_hidden = false;
    bool finished = false;
};

size_t SessionScreen::Impl::width() const {
    size_t columns = options.width > 0 ? static_cast<size_t>(options.width) : terminal_width(::fileno(options.out));
    if (columns == 0) columns = 80;
    return std::clamp(columns, kNarrowest, kWidest);
}

std::string SessionScreen::Impl::heading(const Happening& h) const {
    const std::string text = h.text + (h.detail.empty() ? "" : "  " + h.detail);
    std::string line = "── " + printable(text) + " ";
    for (size_t i = display_width(line); i < std::min<size_t>(width(), 80); ++i) line += "─";
    return line;
}

// One line as far as it goes; on a living screen what does not fit goes on below, under the first words.
std::vector<std::string> SessionScreen::Impl::lines_for(const Happening& h) const {
    if (h.label.empty()) return {"", heading(h)};
    const bool colour = options.colour;
    ToneLine head;
    head.add(clock_of(h.time), Tone::quiet).add("  ").add(fmt::format("{:<8}", h.label), h.tone).add("  ").add(h.text);
    std::string detail = printable(h.detail);
    const size_t room = options.living && !finished ? width() : std::string::npos;
    if (h.amount) {
        const std::string amount = format_indian_signed(*h.amount);
        if (head.width() + amount.size() + 6 <= room) {
            head.add("  ").add(amount, tone_of(*h.amount)).add(" net");
        } else {
            detail = fmt::format("{} net  {}", amount, detail);
        }
    }
    const std::string gap = detail.empty() || h.text.empty() ? "" : "  ";
    const std::string indent(kIndent, ' ');
    std::vector<std::string> lines;
    if (head.width() + gap.size() + display_width(detail) <= room) {
        lines.push_back(head.render(room, colour) + gap + detail);
    } else {
        const auto wrapped = wrap_words(detail, room - kIndent);
        size_t next = 0;
        lines.push_back(head.render(room, colour) + (h.text.empty() ? wrapped[next++] : ""));
        for (; next < wrapped.size(); ++next) lines.push_back(indent + wrapped[next]);
    }
    for (const std::string& more : h.more) {
        lines.push_back(indent +
                        in_tone(fit_to_width(printable(more), room == std::string::npos ? room : room - kIndent),
                                Tone::quiet, colour));
    }
    return lines;
}

// Leaves routine out, and keeps back a day's heading until something happens on it.
void SessionScreen::Impl::hold_quiet_days() {
    std::vector<Happening> tell;
    for (Happening& happening : untold) {
        const bool heading = happening.label.empty();
        if (heading) {
            if (!held.empty()) ++quiet_days;
            held.clear();
        }
        if (heading) held.push_back(std::move(happening));
        if (heading || happening.routine) continue;
        if (quiet_days > 0) {
            const std::string days = quiet_days == 1 ? "1 quiet day" : fmt::format("{} quiet days", quiet_days);
            tell.push_back({happening.time, "", Tone::plain, days, {}, ""});
            quiet_days = 0;
        }
        for (Happening& earlier : held) tell.push_back(std::move(earlier));
        held.clear();
        tell.push_back(std::move(happening));
    }
    untold = std::move(tell);
}

void SessionScreen::Impl::write_plain() {
    if (options.skip_quiet_days) hold_quiet_days();
    std::string text;
    for (const Happening& happening : untold) {
        for (const std::string& line : lines_for(happening)) text += line + "\n";
    }
    untold.clear();
    put(text);
}

std::vector<ToneLine> SessionScreen::Impl::price_lines() const {
    std::vector<ToneLine> lines(1);
    lines.back().add(fmt::format("{} IST  {:<14}", clock_of(view->now), words_for_phase(view->phase)));
    for (const LivePrice& price : view->prices) {
        const std::string value = price.last.positive() ? format_indian(price.last) : "-";
        if (lines.back().width() + 3 + display_width(price.name) + value.size() > width()) lines.emplace_back();
        lines.back().add(lines.back().width() == 0 ? "" : "  ").add(price.name, Tone::quiet).add(" ").add(value);
    }
    return lines;
}

ToneLine SessionScreen::Impl::money_line() const {
    ToneLine line;
    line.add("equity ", Tone::quiet).add(format_indian(view->equity)).add("   today ", Tone::quiet);
    line.add(format_indian_signed(view->day_net), tone_of(view->day_net)).add(" net", Tone::quiet);
    line.add(
        fmt::format("   {} gross, {} charges", format_indian_signed(view->day_gross), format_indian(view->day_charges)),
        Tone::quiet);
    return line;
}

// The stop on a line of its own where it would be cut.
std::vector<ToneLine> SessionScreen::Impl::position_lines(const LivePosition& p) const {
    std::vector<ToneLine> lines(1);
    ToneLine& line = lines.back();
    line.add(fmt::format("{} {} x {} {}", p.side == Side::buy ? "long" : "short", p.lots, p.lot_size,
                         display_symbol(p.instrument)));
    const std::string blanks(line.width() < 36 ? 36 - line.width() : 2, ' ');
    line.add(blanks).add(
        fmt::format("{} → {}  ", format_indian(p.entry), p.last.positive() ? format_indian(p.last) : "-"));
    line.add(format_indian_signed(p.net), tone_of(p.net));
    if (!p.stop) return lines;
    const std::string stop = (p.stop_on.empty() ? "" : printable(p.stop_on) + " ") + format_indian(*p.stop);
    if (line.width() + display_width("  stop " + stop) > width()) {
        lines.emplace_back().add("    stop ", Tone::quiet).add(stop);
    } else {
        line.add("  stop ", Tone::quiet).add(stop);
    }
    return lines;
}

std::vector<std::string> SessionScreen::Impl::block() const {
    const size_t columns = width();
    const bool colour = options.colour;
    std::string rule = "── " + fit_to_width(printable(options.title), columns - 8) + " ";
    for (size_t i = display_width(rule); i < columns; ++i) rule += "─";
    std::vector<std::string> lines{in_tone(rule, Tone::quiet, colour)};
    if (view) {
        for (const ToneLine& line : price_lines()) lines.push_back(line.render(columns, colour));
        lines.push_back(money_line().render(columns, colour));
        if (!view->halt.empty()) {
            lines.push_back(ToneLine().add("no entries: ", Tone::loud).add(view->halt).render(columns, colour));
        }
        if (!view->data.empty()) {
            lines.push_back(ToneLine().add("data: ", Tone::caution).add(view->data).render(columns, colour));
        }
        const size_t shown = std::min(view->positions.size(), kMaxPositions);
        for (size_t i = 0; i < shown; ++i) {
            for (const ToneLine& line : position_lines(view->positions[i]))
                lines.push_back(line.render(columns, colour));
        }
        if (shown == 0) lines.push_back(in_tone("no open positions", Tone::quiet, colour));
        if (view->positions.size() > shown) lines.push_back(fmt::format("and {} more", view->positions.size() - shown));
    }
    lines.push_back(in_tone("Ctrl-C: stop by the rules; twice: kill switch", Tone::quiet, colour));
    return lines;
}

// New lines first, where the block was; the block again under them. One write, each line cleared as it is written, so
// that nothing flickers.
void SessionScreen::Impl::draw() {
    std::string frame = cursor_hidden ? "" : kHideCursor;
    cursor_hidden = true;
    if (drawn_lines > 0) frame += fmt::format("\r\x1b[{}A", drawn_lines);
    const auto add = [&](const std::string& line) { frame += line + "\x1b[K\n"; };
    for (const Happening& happening : untold) {
        for (const std::string& line : lines_for(happening)) add(line);
    }
    untold.clear();
    const auto lines = block();
    for (const std::string& line : lines) add(line);
    frame += "\x1b[J";
    drawn_lines = lines.size();
    put(frame);
}

SessionScreen::SessionScreen(SessionScreenOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
SessionScreen::~SessionScreen() { finish(); }

void SessionScreen::record(const Record& record) {
    impl_->teller.tell(record, impl_->untold);
    if (impl_->untold.empty()) return;
    const bool living = impl_->options.living && !impl_->finished;
    if (!living) impl_->write_plain();
    if (living && impl_->untold.size() >= kMaxUndrawn) impl_->draw();
}

void SessionScreen::on_quotes(const LiveView& view) {
    if (!impl_->options.living || impl_->finished) return;
    impl_->view = view;
    impl_->draw();
}

void SessionScreen::finish() {
    if (impl_->finished) return;
    if (impl_->options.living) {
        std::string frame;
        if (impl_->drawn_lines > 0) frame = fmt::format("\r\x1b[{}A\x1b[J", impl_->drawn_lines);
        for (const Happening& happening : impl_->untold) {
            for (const std::string& line : impl_->lines_for(happening)) frame += line + "\n";
        }
        impl_->untold.clear();
        impl_->put(frame + (impl_->cursor_hidden ? kShowCursor : ""));
    }
    impl_->finished = true;
}

}  // namespace tide
