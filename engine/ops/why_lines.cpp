#include "ops/why_lines.hpp"

#include <fmt/format.h>

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

}  // namespace

std::vector<WhyLine> why_lines(const WhyStep& step) {
    const Fields f(step.row.text);
    if (step.what == "script") {
        return {{"script", fmt::format("{} {} loaded, sha256 {}", f["name"], f["version"], f["sha256"])}};
    }
    if (step.what == "intent") {
        std::vector<WhyLine> lines;
        if (!f["cause"].empty()) lines.push_back({"cause", fmt::format("{} (event {})", f["cause"], f["event"])});
        if (!f["callback"].empty()) lines.push_back({"callback", f["callback"] + " of " + f["script"]});
        const std::string what = f["kind"] == "enter"
                                     ? fmt::format("enter {} {} lots of {}", f["side"], f["lots"], f["instrument"])
                                     : f["kind"] + " " + f["instrument"];
        const std::string why = f["why"].empty() ? f["text"] : f["why"];
        lines.push_back({"intent " + f["id"], why.empty() ? what : what + ": " + why});
        return lines;
    }
    if (step.what == "risk") {
        return {{"risk", fmt::format("{} ({}){}", f["passed"] == "1" ? "passed" : "refused: " + f["code"], f["values"],
                                     f["passed"] == "1" || f["text"].empty() ? "" : ": " + f["text"])}};
    }
    if (step.what == "parent") {
        return {{"entry " + f["intent"],
                 fmt::format("{} -> {}, filled {} of {}{}", f["from"], f["state"], f["filled"], f["quantity"],
                             f["detail"].empty() ? "" : ": " + f["detail"])}};
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
