// SPDX-License-Identifier: Apache-2.0
// What makes a page safe and complete: escaping, base64, the policy.
#include "base/html.h"

#include <gtest/gtest.h>

#include <vector>

namespace duhdr {
namespace {

std::string base64_of(std::string_view text) {
  return base64({reinterpret_cast<const std::byte*>(text.data()), text.size()});
}

TEST(Html, EscapesTextAlsoWithinQuotes) {
  EXPECT_EQ(html(R"(<a href="x" title='y'>&amp;</a>)"),
            "&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;amp;&lt;/a&gt;");
  EXPECT_EQ(html("größer 10 %"), "größer 10 %");
}

TEST(Html, HasTheBase64OfRfc4648) {
  EXPECT_EQ(base64_of(""), "");
  EXPECT_EQ(base64_of("f"), "Zg==");
  EXPECT_EQ(base64_of("fo"), "Zm8=");
  EXPECT_EQ(base64_of("foo"), "Zm9v");
  EXPECT_EQ(base64_of("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64_of("\xFB\xEF\xFF"), "++//");
}

TEST(Html, EncodesLongDataInPartsWithoutASeam) {
  constexpr std::size_t triples = (std::size_t{7} << 20) / 3;
  std::string expected;
  for (std::size_t i = 0; i < triples; ++i) expected += "Zm9v";
  std::string text;
  for (std::size_t i = 0; i < triples; ++i) text += "foo";
  EXPECT_TRUE(base64_of(text + "fo") == expected + "Zm8=");
}

TEST(Html, MakesAPageThatMayRequestNothing) {
  const std::string page = html_page("a </title><script>", "p{color:red}", "<p>body</p>");
  EXPECT_TRUE(page.starts_with("<!doctype html>"));
  EXPECT_NE(page.find("Content-Security-Policy\" content=\"default-src 'none';"), std::string::npos);
  EXPECT_NE(page.find("<title>a &lt;/title&gt;&lt;script&gt;</title>"), std::string::npos);
  EXPECT_NE(page.find("p{color:red}</style>"), std::string::npos);
  EXPECT_NE(page.find("<body><p>body</p></body></html>"), std::string::npos);
  EXPECT_EQ(page.find("://"), std::string::npos);
}

}  // namespace
}  // namespace duhdr
