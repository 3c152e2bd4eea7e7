#include "ops/why_lines.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "trading/record_text.hpp"

namespace tide {
namespace {

// The fields of a record's text by name, "" where there is none.
class Fields {
  public:
    explicit Fields(const std::string& text) : record_(parse_record_text(text)) {}
    std::string operator[](std::string_view key) const {
        const std::string* found = record_ ? record_->find(key) : nullptr;
        return found == nullptr ? "" : *found;
    }

  private:
    Result<RecordText> record_;
};
// "142.3500" as "142.35".
std::string shortened(std::string amount) {
    for (int i = 0; i < 2 && amount.find('.') != std::string::npos && amount.ends_with('0'); ++i) amount.pop_back();
    return amount;
}

constexpr std::string_view kSubjects[] = {"order", "trade", "position", "intent"};

std::string intent_text(const Fields& f) {
    const std::string kind = f["kind"];
    if (kind == "enter_group") return fmt::format("enter a group: {}", f["legs"]);
    if (kind == "exit_group") return fmt::format("close group {}", f["group"]);
    if (kind != "enter") return kind + " " + f["instrument"];
    std::string text = fmt::format("enter {} {} lots of {}", f["side"], f["lots"], f["instrument"]);
    if (!f["group"].empty()) text += fmt::format(", a leg of group {}", f["group"]);
    if (!f["parent"].empty()) text += fmt::format(", a part of entry {}", f["parent"]);
    if (!f["terms"].empty()) text += fmt::format(" ({})", f["terms"]);
    return text;
}

}  // namespace

Result<WhySubject> parse_why_subject(std::string_view text) {
    WhySubject subject;
    std::string_view digits = text;
    if (const size_t colon = text.find(':'); colon != std::string_view::npos) {
        subject.kind = text.substr(0, colon);
        digits = text.substr(colon + 1);
    }
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), subject.number);
    const bool whole = error == std::errc() && end == digits.data() + digits.size() && subject.number > 0 &&
                       subject.number <= static_cast<uint64_t>(INT64_MAX);
    if (whole && std::find(std::begin(kSubjects), std::end(kSubjects), subject.kind) != std::end(kSubjects))
        return subject;
    return make_error(
        ErrorCode::usage,
        fmt::format("why {}: give an order's number (11, order:11), or trade:3, position:2, intent:7", text));
}

Result<std::vector<WhyStep>> why_steps(const LedgerReader& ledger, const std::string& session,
                                       const WhySubject& subject) {
    if (subject.kind == "trade") return ledger.why_trade(session, static_cast<int64_t>(subject.number));
    if (subject.kind == "position") return ledger.why_position(session, subject.number);
    if (subject.kind == "intent") return ledger.why_intent(session, subject.number);
    return ledger.why_order(session, subject.number);
}

std::vector<WhyLine> why_lines(const WhyStep& step) {
    const Fields f(step.row.text);
    if (step.what == "script") {
        return {{"script", fmt::format("{} {} {}, sha256 {}", f["name"], f["version"], f["status"], f["sha256"])}};
    }
    if (step.what == "intent") {
        std::vector<WhyLine> lines;
        if (!f["cause"].empty()) lines.push_back({"cause", fmt::format("{} (event {})", f["cause"], f["event"])});
        if (!f["callback"].empty()) lines.push_back({"callback", f["callback"] + " of " + f["script"]});
        const std::string why = f["why"].empty() ? f["text"] : f["why"];
        const std::string what = intent_text(f);
        lines.push_back({"intent " + f["id"], why.empty() ? what : what + ": " + why});
        return lines;
    }
    if (step.what == "risk") {
        return {{"risk", fmt::format("{} ({}){}", f["passed"] == "1" ? "passed" : "refused: " + f["code"], f["values"],
                                     f["passed"] == "1" || f["text"].empty() ? "" : ": " + f["text"])}};
    }
    if (step.what == "parent") {
        return {{"entry " + f["intent"], fmt::format("{} -> {}, filled {} of {}{}", f["from"], f["state"], f["filled"],
                                                     f["quantity"], f["detail"].empty() ? "" : ": " + f["detail"])}};
    }
    if (step.what == "group") {
        const std::string why = f["text"].empty()   ? f["rule"]
                                : f["rule"].empty() ? f["text"]
                                                    : f["rule"] + ": " + f["text"];
        return {{"group " + f["id"],
                 fmt::format("{} -> {}, {}{}", f["from"], f["state"], f["legs"], why.empty() ? "" : "; " + why)}};
    }
    if (step.what == "order") {
        const std::string reason = f["reason"].empty() ? f["detail"] : f["reason"];
        return {{"order " + f["id"],
                 fmt::format("{} -> {}, {} {} at {}, filled {}{}", f["from"], f["state"], f["side"], f["quantity"],
                             shortened(f["limit"]), f["filled"], reason.empty() ? "" : ": " + reason)}};
    }
    if (step.what == "fill") {
        const std::string quote = f["bid"].empty() && f["ask"].empty()
                                      ? ""
                                      : fmt::format(", quote {} / {}", shortened(f["bid"]), shortened(f["ask"]));
        return {{"fill " + f["id"], fmt::format("{} {} at {}, charges {}{}", f["side"], f["quantity"],
                                                shortened(f["price"]), shortened(f["charges"]), quote)}};
    }
    if (step.what == "exit") {
        std::vector<WhyLine> lines;
        if (!f["cause"].empty()) lines.push_back({"cause", fmt::format("{} (event {})", f["cause"], f["event"])});
        lines.push_back({"exit", fmt::format("{} by the {}: {} ({}), priority {}", f["rule"], f["decided_by"],
                                             f["text"], f["values"], f["priority"])});
        return lines;
    }
    if (step.what == "position") {
        return {{"position " + f["id"],
                 fmt::format("{}: {} of {} left, in at {}{}", f["what"], f["quantity"], f["opened_quantity"],
                             shortened(f["entry_price"]), f["detail"].empty() ? "" : ": " + f["detail"])}};
    }
    return {
        {"trade " + f["number"], fmt::format("{} {}, in at {}, out at {}: gross {}, charges {}, net {}", f["lots"],
                                             f["instrument"], shortened(f["entry_price"]), shortened(f["exit_price"]),
                                             shortened(f["gross"]), shortened(f["charges"]), shortened(f["net"]))}};
}

}  // namespace tide
