"""How a feed looks when somebody opens it in a browser: a readable page that says what it is and what to do with it.

One XSL 1.0 sheet for RSS and Atom. Browsers have begun to give XSL up; a feed without its sheet is a feed all the same.
"""

from __future__ import annotations

from html import escape

from byline.settings import Settings
from byline.site import styles
from byline.wording import words

_SHEET = """<?xml version="1.0" encoding="UTF-8"?>
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:atom="http://www.w3.org/2005/Atom" exclude-result-prefixes="atom">
<xsl:output method="html" encoding="UTF-8" doctype-system="about:legacy-compat"/>
<xsl:template match="/">
<html lang="@LANGUAGE@">
<head>
<meta name="viewport" content="width=device-width,initial-scale=1"/>
<title><xsl:value-of select="/rss/channel/title | /atom:feed/atom:title"/></title>
<style>@STYLE@</style>
</head>
<body>
<main>
<p class="about"><strong>@FEED@</strong> @WHY@</p>
<h1><xsl:value-of select="/rss/channel/title | /atom:feed/atom:title"/></h1>
<p class="claim"><xsl:value-of select="/rss/channel/description | /atom:feed/atom:subtitle"/></p>
<p><a><xsl:attribute name="href"><xsl:value-of select="/rss/channel/link | /atom:feed/atom:link[@rel='alternate']/@href"/></xsl:attribute>@PAGE@</a></p>
<ul>
<xsl:for-each select="/rss/channel/item">
<li><h2><a href="{link}"><xsl:value-of select="title"/></a></h2><p class="date"><xsl:value-of select="substring(pubDate, 6, 11)"/></p><p><xsl:value-of select="description"/></p></li>
</xsl:for-each>
<xsl:for-each select="/atom:feed/atom:entry">
<li><h2><a href="{atom:link[not(@rel) or @rel='alternate']/@href}"><xsl:value-of select="atom:title"/></a></h2><p class="date"><xsl:value-of select="substring(atom:published, 1, 10)"/></p><p><xsl:value-of select="atom:summary"/></p></li>
</xsl:for-each>
</ul>
</main>
</body>
</html>
</xsl:template>
</xsl:stylesheet>
"""
_STYLE = (
    "body{margin:0;font:17px/1.6 @FONT@;color:#171a1f;background:#fff}main{max-width:42em;margin:0 auto;padding:2em 1.2em 4em}"
    ".about{padding:.8em 1em;border-left:4px solid @PRIMARY@;background:#f5f6f7}h1{line-height:1.2;margin:1.2em 0 .2em}"
    ".claim,.date{color:#555b63}ul{list-style:none;margin:2em 0 0;padding:0}li{border-top:1px solid #dcdfe3;padding:1em 0}"
    "h2{font-size:1.15em;margin:0}li p{margin:.2em 0}a{color:@LINK@}"
    "@media(prefers-color-scheme:dark){body{color:#e8e9e6;background:#12151a}.about{background:#1c2027}"
    ".claim,.date{color:#a9afb8}li{border-color:#333941}a{color:@DARK@}}"
)


def write(settings: Settings) -> bytes:
    """The sheet in the company's colours."""
    colours = styles.link_colours(settings.brand)
    style = (
        _STYLE.replace("@FONT@", styles.SANS.replace('"', "'"))
        .replace("@PRIMARY@", settings.brand.primary)
        .replace("@LINK@", colours[0])
        .replace("@DARK@", colours[1])
    )
    said = words(settings.language, settings.pages.words)
    sheet = _SHEET.replace("@STYLE@", style).replace("@LANGUAGE@", escape(settings.language))
    for place, key in (("@FEED@", "feed"), ("@WHY@", "feed_why"), ("@PAGE@", "feed_page")):
        sheet = sheet.replace(place, escape(said[key]))
    return sheet.encode()
