"""Sentences for what these refuse: orders.services.outgoing."""

from django.utils.translation import gettext_noop as _

from ordersite.core.codes import Code

SENTENCES: dict[Code, str] = {
    Code.INVALID_WEBHOOK_URL: _(
        "This is no address that can be called: send one such as https://example.com/hook, in ASCII, without a user "
        "name or a part behind #."
    ),
    Code.INVALID_WEBHOOK_SCHEME: _("Webhooks go by TLS only: send an address that begins with https://."),
    Code.PRIVATE_ADDRESS: _(
        "{host} leads to what is not on the public internet: send an address that everybody can reach."
    ),
    Code.UNRESOLVED_HOST: _("The name {host} is not known: correct it, or try again once it can be resolved."),
    Code.UNKNOWN_MERCHANT: _("There is no such merchant: send the id of one that there is."),
    Code.MIXED_WEBHOOK_OWNER: _("An endpoint is a merchant's or the site's: send {field:merchant} or {field:site}."),
    Code.NOT_FOUND_WEBHOOK: _("There is no such endpoint among yours: read the list of webhooks again."),
    Code.NOT_FOUND_DELIVERY: _("This endpoint has no such delivery, or it is no longer kept: read its log again."),
    Code.TOO_MANY_WEBHOOKS: _("There are {most} endpoints already: delete one that is no longer used."),
    Code.WEBHOOK_DISABLED: _("This endpoint is switched off: switch it on first."),
}
