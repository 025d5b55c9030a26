"""Sentences for what these refuse: orders.services.outgoing."""

from django.utils.translation import gettext_noop as _

from ordersite.core.codes import FaultCode

SENTENCES: dict[FaultCode, str] = {
    FaultCode.INVALID_WEBHOOK_URL: _(
        "This is no address that can be called: send one such as https://example.com/hook, in ASCII, without a user "
        "name or a part behind #."
    ),
    FaultCode.INVALID_WEBHOOK_SCHEME: _("Webhooks go by TLS only: send an address that begins with https://."),
    FaultCode.PRIVATE_ADDRESS: _(
        "{host} leads to what is not on the public internet: send an address that everybody can reach."
    ),
    FaultCode.UNKNOWN_WEBHOOK_TYPE: _("This is not told in the endpoint's format: send any of {types}."),
    FaultCode.UNRESOLVED_HOST: _("The name {host} is not known: correct it, or try again once it can be resolved."),
    FaultCode.UNKNOWN_MERCHANT: _("There is no such merchant: send the id of one that there is."),
    FaultCode.MIXED_WEBHOOK_OWNER: _(
        "An endpoint is a merchant's or the site's: send {field:merchant} or {field:site}."
    ),
    FaultCode.NOT_FOUND_WEBHOOK: _("There is no such endpoint among yours: read the list of webhooks again."),
    FaultCode.NOT_FOUND_DELIVERY: _("This endpoint has no such delivery, or it is no longer kept: read its log again."),
    FaultCode.TOO_MANY_WEBHOOKS: _("There are {most} endpoints already: delete one that is no longer used."),
    FaultCode.WEBHOOK_DISABLED: _("This endpoint is switched off: switch it on first."),
}
