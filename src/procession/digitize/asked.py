"""Whole labels and questions as suppliers word them, in six languages: asked before the general words of ``vocabulary``.

Every pattern covers a folded label from end to end, so it never takes a part of a longer sentence for its meaning.
"""
# ruff: noqa: E501 - a row of synonyms reads better in one line

from __future__ import annotations

import re

from procession.digitize.vocabulary import Meaning
from procession.domain.form import Category, FieldType, Subtype

_S, _T, _C = Subtype, FieldType, Category

_YOUR = r"(?:(?:the|your|our|of|le|la|les|l|der|die|das|den|dem|des|el|los|las|il|lo|i|gli|de|het|van|du|del|della|di|vos|votre|ihre?|eure?|jullie|uw|vuestros?|vuestras?|sus?|i vostri|il vostro|la vostra) )*"
_DAY = r"(?:wedding|event|ceremony|big day|celebration|function|party|hochzeit|trauung|feier|veranstaltung|mariage|ceremonie|levenement|evenement|noces|boda|ceremonia|evento|enlace|bruiloft|huwelijk|trouwdag|trouwerij|plechtigheid|matrimonio|nozze|cerimonia|dellevento)"
_PLACE = r"(?:venue|location|place|site|lieu|lugar|sitio|finca|ort|luogo|locatie|plaats|trouwlocatie|hochzeitslocation|event location)"


def _whole(subtype: Subtype | None, kind: FieldType, category: Category, *words: str) -> Meaning:
    return Meaning(re.compile(rf"^ (?:{'|'.join(words)}) $"), subtype, kind, category)


ASKED: tuple[Meaning, ...] = (
    _whole(
        None,
        _T.TEXT,
        _C.COUPLE,
        r"(?:name of )?(?:bride (?:and|&) groom|bride (?:and|&) bride|groom (?:and|&) groom|partners?)(?: names?)?",
        r"clients?(?: names?| name s| s)?|customers?(?: name)?|hirers?(?: s)?|couples? names?|names? of (?:the )?couple",
        r"(?:what are |please give )?(?:your|both) (?:full |first |first and last )?names|who is getting married",
        r"(?:name der |namen der )?(?:kund(?:e|en|in)|auftraggeber(?:in|innen)?|brautleute|brautpaar)|ihre namen|eure namen|namen|wie hei(?:ss|s)t ihr|wie hei(?:ss|s)en sie",
        r"(?:noms? (?:et prenoms? )?(?:des? )?)?(?:les )?(?:futurs )?(?:maries|epoux|clients?)|vos noms?|quels sont vos noms|comment vous appelez vous",
        r"(?:nombres? (?:de )?)?(?:los )?(?:novios|clientes?|contratantes?|pareja)|vuestros nombres|sus nombres|cuales son (?:vuestros|sus) nombres|como os llamais",
        r"(?:namen? (?:van )?)?(?:het )?(?:bruidspaar|klant(?:en)?|opdrachtgevers?|paar)|jullie namen|uw namen|wat zijn (?:jullie|uw) namen|hoe heten jullie",
        r"(?:nomi? (?:degli )?)?(?:gli )?(?:sposi|clienti|cliente|committenti?)|i vostri nomi|come vi chiamate",
    ),
    _whole(
        _S.PARTNER_1_NAME,
        _T.TEXT,
        _C.COUPLE,
        r"(?:full )?name (?:of )?(?:the )?bride|bride s? ?(?:full )?name|partner (?:1|one|a)",
        r"(?:name )?(?:der )?braut|(?:nom )?(?:de )?(?:la )?mariee|(?:nombre )?(?:de )?(?:la )?novia|(?:naam )?(?:van )?(?:de )?bruid|(?:nome )?(?:della )?sposa",
    ),
    _whole(
        _S.PARTNER_2_NAME,
        _T.TEXT,
        _C.COUPLE,
        r"(?:full )?name (?:of )?(?:the )?groom|groom s? ?(?:full )?name|partner (?:2|two|b)",
        r"(?:name )?(?:des )?brautigams?|(?:nom )?(?:du )?(?:le )?marie|(?:nombre )?(?:del )?(?:el )?novio|(?:naam )?(?:van )?(?:de )?bruidegom|(?:nome )?(?:dello )?(?:lo )?sposo",
    ),
    _whole(
        _S.COUPLE_EMAIL,
        _T.EMAIL,
        _C.COUPLE,
        r"(?:uw |jullie |wat is jullie )?(?:e ?mail ?adres|mailadres)|mailadresse|(?:indirizzo )?e ?mail|(?:votre )?(?:adresse )?(?:e ?mail|mel|courriel)",
    ),
    _whole(
        _S.WEDDING_TIME,
        _T.TIME,
        _C.WEDDING,
        r"(?:time|start) of (?:the )?" + _DAY + r"|" + _DAY + r" (?:starts?|begins?)(?: at)?",
        r"(?:uhrzeit|beginn|start) (?:der )?(?:trauung|zeremonie|hochzeit|feier)|traubeginn",
        r"(?:heure|horaire) (?:de |du )?(?:la )?(?:ceremonie|mariage)",
        r"hora (?:de )?(?:inicio )?(?:de )?(?:la )?(?:ceremonia|boda)",
        r"(?:aanvangstijd|tijd|begintijd|aanvang)(?: van)?(?: de)? (?:ceremonie|plechtigheid|huwelijk|bruiloft)",
        r"(?:ora|orario|inizio) (?:della |di |del )?(?:inizio )?(?:cerimonia|matrimonio|nozze)",
    ),
    _whole(
        _S.WEDDING_DATE,
        _T.DATE,
        _C.WEDDING,
        r"(?:your|the) date",
        r"date of (?:the )?" + _DAY,
        r"(?:datum|tag|termin) (?:der |des |eurer |ihrer )?(?:hochzeit|trauung|feier|veranstaltung|events?)|wann (?:ist|findet) (?:eure |ihre |die )?(?:hochzeit|trauung)(?: statt)?|(?:hochzeits|trauungs|veranstaltungs|event)(?:datum|termin|tag)",
        r"(?:quelle est la )?date (?:de |du |prevue )?(?:de |du )?(?:la |le )?(?:mariage|ceremonie|levenement|evenement|noces)|quand (?:est|a lieu|aura lieu) (?:le|votre) mariage|jour j",
        r"(?:cual es la )?fecha (?:de |del )?(?:la |el )?(?:boda|ceremonia|evento|enlace)|cuando (?:es|sera|se celebra) (?:la|vuestra|su) boda",
        r"(?:trouw|huwelijks|bruilofts|evenement)datum|trouwdag|datum (?:van )?(?:de |het )?(?:bruiloft|huwelijk|trouwdag|ceremonie|evenement)|wanneer (?:is|vindt) (?:de |jullie )?(?:bruiloft|huwelijk)(?: plaats)?|wanneer trouwen jullie",
        r"data (?:del |della |delle |di )?(?:matrimonio|nozze|evento|dellevento|cerimonia)|quando (?:e|sara) il (?:vostro )?matrimonio|quando vi sposate",
    ),
    _whole(
        _S.GUEST_COUNT,
        _T.NUMBER,
        _C.WEDDING,
        r"(?:expected |estimated |anticipated )?(?:attendance|guests|numbers|headcount)(?: expected)?|(?:guaranteed |final )(?:guest )?count|how many (?:guests|people) .*",
        r"(?:wie viele (?:gaste|personen).*)|(?:geschatzte |erwartete )?(?:anzahl (?:der )?)?(?:gaste|personen)(?:zahl|anzahl)?|personenzahl",
        r"combien (?:dinvites|de personnes|de convives).*|(?:nombre )?(?:de |d )?(?:dinvites|convives|couverts|invites|personnes)(?: prevus?| attendus?)?",
        r"cuantos (?:invitados|comensales).*|(?:n o? ?|numero )?(?:de )?(?:invitados|comensales|asistentes)(?: previstos)?",
        r"hoeveel (?:gasten|personen).*|(?:verwacht )?(?:aantal )?(?:gasten|personen|daggasten)",
        r"quanti (?:invitati|ospiti).*|(?:n o? ?|numero )?(?:di |degli )?(?:invitati|ospiti|coperti)(?: previsti)?",
    ),
    _whole(
        _S.VENUE_ADDRESS,
        _T.ADDRESS,
        _C.VENUE,
        r"(?:address|anschrift|adresse|direccion|indirizzo|adres)(?: (?:of|der|du|de|del|della|van|des))?(?: (?:the|la|de|het|le|el))? "
        + _PLACE,
        r"(?:locatie|venue|location)(?: )?adres(?:se|s)?",
        r"(?:adresse|anschrift) (?:des |der |du |de la )?(?:veranstaltungsort(?:e?s)?|trauorts?|hochzeitslocation|feierorts?|salle|domaine|lieu de (?:la )?(?:ceremonie|reception|mariage))",
        r"(?:direccion|indirizzo|adres) (?:de |del |della |van )?(?:la |de |het )?(?:finca|sala|villa|feestzaal|trouwlocatie|salon)",
    ),
    _whole(
        _S.RECEPTION_VENUE,
        _T.TEXT,
        _C.VENUE,
        r"(?:lieu|salle) (?:de )?(?:la )?reception|lugar (?:del? )?(?:banquete|convite|celebracion)|feestlocatie|ort der feier|luogo (?:del )?ricevimento|(?:locatie|zaal) (?:van de )?(?:receptie|feest)|(?:feier|hochzeits)location|(?:location|sala) (?:del )?ricevimento|salon (?:del )?banquete",
    ),
    _whole(
        _S.CEREMONY_VENUE,
        _T.TEXT,
        _C.VENUE,
        _YOUR
        + _PLACE
        + r"(?: name)?(?: (?:of|de|du|del|della|der|van|van de|van het|de la|des))?(?: (?:the|la|het|your))?(?: "
        + _DAY
        + r")?",
        r"where|wo|wo findet (?:die|eure) (?:trauung|hochzeit|feier) statt|wo heiratet ihr|ou (?:a|aura) lieu .{4,30}|donde (?:es|sera|se celebra) .{4,30}|waar (?:is|vindt) .{4,40}|dove (?:si|sara) .{4,40}",
    ),
    _whole(
        _S.PACKAGE_NAME,
        _T.TEXT,
        _C.SERVICES,
        r"(?:your |chosen |selected |booked )?(?:package|collection)(?: (?:name|chosen|selected|booked))?|(?:gebuchtes |gewahltes )(?:paket|angebot)|(?:formule|forfait|pack)(?: choisie?)|(?:paquete|pack)(?: (?:elegido|contratado))?|(?:gekozen |geboekt )pakket|pacchetto(?: (?:scelto|prenotato))?",
    ),
    # --- money -----------------------------------------------------------------------------------------------------
    _whole(
        _S.DEPOSIT_AMOUNT,
        _T.CURRENCY,
        _C.CONTRACT,
        r"(?:non refundable |initial |booking |security |paid )?(?:deposit|retainer)(?: (?:paid|received|due|required|amount|payable|on booking|on signing|due on signing|at booking|to book|to secure(?: the date)?|paid on booking))?",
        r"(?:geleistete |bereits geleistete |abzgl )?anzahlung(?: .{2,30})?",
        r"(?:acompte|arrhes)(?: (?:verse|versee?s?|recu|paye|deja verse))?(?: (?:a|de) .{2,25})?",
        r"(?:senal|anticipo|deposito|reserva)(?: (?:pagad[oa]|abonad[oa]|a cuenta|recibid[oa]))?(?: .{2,20})?",
        r"(?:reeds )?(?:voldane |betaalde )?(?:aanbetaling|voorschot)(?: .{2,20})?",
        r"(?:acconto|caparra|anticipo)(?: (?:versat[oa]|confirmatoria|gia versat[oa]|pagat[oa]))?(?: .{2,20})?",
    ),
    _whole(
        _S.BALANCE_DUE_DATE,
        _T.DATE,
        _C.CONTRACT,
        r"(?:balance|final balance|remaining balance|remainder|final payment|payment|rest) (?:to be |is |must be )?(?:paid|due|payable|settled)(?: in full)? (?:by|on|before|on or before|no later than)",
        r"(?:due|payable|pay|to be paid|settle) (?:by|on|before|date)",
        r"(?:date|data|fecha|datum) (?:du |del |de |di |van |der |des )?(?:el |het |la )?(?:pago |paiement |pagamento |betaling |zahlung )?(?:del? |du |van |der |des )?(?:el |het |la )?(?:solde|saldo|restbetrags?|restzahlung|restbedrag|balance)",
        r"(?:balance|restbetrag|restzahlung|solde|saldo|restbedrag) (?:due )?(?:by|bis|zum|avant le|antes del|entro il|voor)",
        r"verval(?:datum|dag) (?:van )?(?:het )?(?:rest|saldo|restbedrag)|scadenza (?:del )?(?:saldo|pagamento)|falligkeit (?:des )?(?:restbetrags|saldos)",
        r"(?:restzahlung |restbetrag |saldo )?(?:fallig|zahlbar)(?: (?:am|bis|zum|bis zum|bis spatestens))?|zahlungsziel|falligkeit|zu zahlen bis|falligkeitsdatum",
        r"(?:solde )?(?:a regler|a payer|payable|du|exigible|reglement) (?:avant )?(?:le|au plus tard le)|date (?:limite )?(?:de )?(?:paiement|reglement|decheance|echeance)(?: du solde)?|echeance",
        r"(?:pago (?:final|del resto) )?(?:antes del|hasta el|a mas tardar el)|(?:fecha )?(?:de )?(?:vencimiento|limite de pago|pago final)|pagar antes del",
        r"(?:te betalen|betalen|te voldoen|voldoen) (?:voor|uiterlijk|voor uiterlijk)|(?:uiterste |laatste )?betaaldatum|betalingstermijn|verval(?:datum|dag)",
        r"(?:saldo )?(?:entro(?: il)?|da (?:pagare|saldare|versare) entro(?: il)?)|(?:data )?(?:di )?scadenza(?: saldo| pagamento)?|termine (?:di )?pagamento",
    ),
    _whole(
        _S.BALANCE_DUE,
        _T.CURRENCY,
        _C.CONTRACT,
        r"(?:balance|remaining|remainder|amount|rest)(?: (?:due|payable|outstanding|remaining|to pay|owing|owed))?",
        r"(?:offener |noch offener |verbleibender )?(?:rest|restbetrag|restzahlung|restsumme|betrag offen|saldo)|offen(?:er betrag)?|noch zu zahlen",
        r"(?:solde|reste)(?: (?:a (?:payer|regler)|restant(?: du)?|du))?|montant restant|net a payer",
        r"(?:saldo|importe|resto|pago)(?: (?:pendiente|restante|final|por pagar|a pagar))|resto|pendiente(?: de pago)?",
        r"(?:restbedrag|restant|openstaand(?: bedrag)?|resterend bedrag|nog te (?:betalen|voldoen)|saldo|te betalen)",
        r"(?:saldo|importo|totale|residuo)(?: (?:dovuto|residuo|finale|restante|da pagare|a saldo))|saldo|rimanenza|resta da pagare",
    ),
    _whole(
        _S.TOTAL_AMOUNT,
        _T.CURRENCY,
        _C.CONTRACT,
        r"(?:agreed |total |full |overall )?(?:hire |package |contract |service )?(?:charge|price|fee|total|cost|investment)(?: (?:in total|including tax|incl vat|inc vat|including vat|payable|for services))?|your investment",
        r"(?:gesamt(?:betrag|preis|summe|kosten|honorar)|rechnungsbetrag|endbetrag|endsumme|bruttobetrag|summe|gesamt)(?: (?:brutto|inkl mwst|inkl .{2,10}))?",
        r"(?:montant|prix|cout|total)(?: (?:total|ttc|general|a payer|de la prestation|global))+",
        r"(?:importe|precio|coste|total)(?: (?:total|factura|a pagar|general|con iva|iva incluido))*",
        r"totaal(?:bedrag|prijs)?(?: (?:incl(?:usief)? btw|te betalen))?|totale prijs|eindtotaal",
        r"(?:importo|prezzo|costo|totale)(?: (?:totale|complessivo|fattura|documento|iva inclusa|da pagare))*",
    ),
    _whole(
        _S.CONTRACT_DATE,
        _T.DATE,
        _C.CONTRACT,
        r"datum (?:des |der )?(?:vertrags?|vertragsschlusses|vereinbarung)|vertragsdatum|(?:datum )?(?:van )?(?:de )?(?:overeenkomst|contract)(?: ?datum)|datum (?:van )?(?:de )?(?:overeenkomst|contract)",
        r"date (?:du |de )(?:contrat|signature du contrat)|fecha (?:del? )contrato|data (?:del )?(?:contratto|accordo)|fait le",
    ),
    _whole(
        _S.CLIENT_SIGNATURE,
        _T.SIGNATURE,
        _C.CONTRACT,
        r"firma (?:del |dei |degli |de |della )?(?:los |las )?(?:sposi|clienti?|committenti?|novios|clientes)|signature (?:du |des |de )?(?:la |les )?(?:clients?|maries|mariee)|unterschriften? (?:des |der )?(?:brautpaar(?:s|es)?|kunden|auftraggeber(?:s|in)?)",
    ),
    _whole(
        _S.TIMELINE_PREFERENCES,
        _T.TEXTAREA,
        _C.TIMELINE,
        r"(?:plan|order|outline|flow) (?:of|for) (?:the|your) (?:wedding )?day|(?:timeline|schedule|timing) (?:preferences|wishes|requests|notes)",
        r"(?:wunsche? (?:zum|fur den) )?(?:tages)?ablauf|(?:gewunschter )?(?:tagesablauf|zeitplan)",
        r"(?:deroulement|planning|programme) (?:souhaite|de la journee|du jour)",
        r"(?:preferencias|deseos) (?:de |del )?(?:horario|programa)|(?:programa|horario) (?:del dia|deseado)",
        r"wensen (?:voor )?(?:de )?(?:planning|dagindeling)|(?:gewenste )?(?:dagplanning|dagindeling)",
        r"(?:preferenze|desideri) (?:per )?(?:il |di |sul )?(?:programma|orario)|programma (?:della giornata|desiderato)",
    ),
    _whole(
        _S.SPECIAL_REQUESTS,
        _T.TEXTAREA,
        _C.PREFERENCES,
        r"(?:sonst noch etwas|gibt es sonst noch etwas)(?: .{0,40})?|(?:besondere |weitere |sonstige )?(?:wunsche|sonderwunsche)",
        r"(?:autre chose|quelque chose a ajouter)(?: .{0,40})?|demandes? (?:particulieres?|speciales?)|souhaits particuliers",
        r"(?:algo mas)(?: .{0,40})?|(?:peticiones|solicitudes|deseos) (?:especiales|particulares)",
        r"(?:verder nog iets|nog iets anders)(?: .{0,40})?|(?:bijzondere|speciale) (?:wensen|verzoeken)",
        r"(?:altro da segnalare|qualcos ?altro)(?: .{0,40})?|richieste (?:particolari|speciali)|desideri particolari",
    ),
    _whole(
        _S.VENDOR_NAME,
        _T.TEXT,
        _C.CONTRACT,
        r"name of (?:the |your )?(?:supplier|vendor|provider|photographer|caterer|florist|planner|company)|name (?:des |der |vom )?(?:anbieters?|dienstleisters?|auftragnehmers?|firma|fotografen)|nom (?:du |de la )?(?:prestataire|societe|photographe|traiteur)|nombre (?:del? )?(?:la )?(?:proveedor|empresa|fotografo)|naam (?:van )?(?:de )?(?:leverancier|opdrachtnemer|fotograaf)|nome (?:del )?(?:fornitore|prestatore|fotografo)",
        r"(?:service )?(?:provider|vendor|supplier)s?(?: details)?|(?:der )?(?:auftragnehmer|anbieter|dienstleister)(?:in)?|(?:le |la )?prestataire|(?:el )?proveedor|(?:de )?(?:opdrachtnemer|leverancier)|(?:il )?(?:fornitore|prestatore)",
    ),
)
"""Meaning of a whole label; first match wins."""
