#include "server/vault/s3_xml.h"

#include <gtest/gtest.h>

namespace tapiary::server {
namespace {

TEST(S3Xml, FindsElementsAndResolvesEntities) {
  const std::string_view xml =
      "<L xmlns=\"x\"><K>a&amp;b&quot;&#9;</K><K></K><K>c</K><Kx>d</Kx></L>";
  EXPECT_EQ(XmlText(XmlElement(xml, "K")), "a&b\"&#9;");
  EXPECT_EQ(XmlElements(xml, "K", 9).size(), 3u);
  EXPECT_EQ(XmlElements(xml, "K", 2).size(), 2u);
  EXPECT_EQ(XmlElement(xml, "N"), "");
  EXPECT_EQ(XmlText(XmlEscape("<a&\"b'>")), "<a&\"b'>");
}

TEST(S3Xml, BrokenTextGivesNothing) {
  for (const char* xml : {"", "<K>", "</K>", "<K", "</K><K>", "<K>x</K", "<<<K>>"}) {
    EXPECT_EQ(XmlElement(xml, "K"), "") << xml;
  }
}

TEST(S3Xml, ErrorCodesArePlainAndShort) {
  EXPECT_EQ(S3ErrorCode("<Error><Code>NoSuchKey</Code></Error>"), "NoSuchKey");
  EXPECT_EQ(S3ErrorCode("<Error><Code>\n<script>No</Code></Error>"), "scriptNo");
  EXPECT_EQ(S3ErrorCode("<Error><Code>" + std::string(999, 'x') + "</Code></Error>").size(), 60u);
  EXPECT_EQ(S3ErrorCode("<Done><Code>x</Code></Done>"), "");
}

}  // namespace
}  // namespace tapiary::server
