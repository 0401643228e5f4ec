#pragma once

namespace immure::attest {

enum class OutputFormat { text, json };

}  // namespace immure::attest
