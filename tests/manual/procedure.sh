#!/bin/sh
# AWS Client VPN with mutual authentication by hand: what the AWS Client VPN Administrator Guide tells, in its order.
#
#   https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/mutual.html            certificates
#   https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/cvpn-getting-started.html  endpoint, subnets, rule, profile
#   https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/cvpn-working-certificates.html  CRL
#
# usage: procedure.sh USER      in an empty folder; leaves USER.ovpn there
#
# The values are those of the repository's latchkey.toml. `aws` is the one on PATH. Note what Latchkey does not do: the
# CA's key and every user's key lie unencrypted in this folder, and the profile has to be carried to the user with the key.
set -eu

user=$1
domain=vpn.example.com
vpc=vpc-0a1b2c3d4e5f60718
vpc_cidr=10.1.0.0/16
subnets="subnet-0a1b2c3d4e5f60001 subnet-0a1b2c3d4e5f60002"
client_cidr=10.88.0.0/16
banner="Welcome to the Latchkey demo. Activity on this network may be recorded."

# 1. Certificates: a CA, a server's, a client's for the endpoint to trust, and one for the user. Debian's package has
# easy-rsa as the guide clones it.
easyrsa() {
    (cd easy-rsa && ./easyrsa --batch "$@") >>easy-rsa.log 2>&1 || { cat easy-rsa.log >&2 && exit 1; }
}
command -v make-cadir >/dev/null || { echo "\`make-cadir\` is missing; \`apt-get install easy-rsa\` brings it" >&2 && exit 1; }
make-cadir easy-rsa
easyrsa init-pki
easyrsa --req-cn="VPN CA" build-ca nopass
easyrsa --subject-alt-name="DNS:$domain" build-server-full "$domain" nopass
easyrsa build-client-full "client1.$domain" nopass
easyrsa build-client-full "$user.$domain" nopass

# 2. Import the server's and the client's into ACM, with their keys.
import() {
    aws acm import-certificate --certificate "fileb://easy-rsa/pki/issued/$1.crt" \
        --private-key "fileb://easy-rsa/pki/private/$1.key" --certificate-chain fileb://easy-rsa/pki/ca.crt \
        --query CertificateArn --output text
}
server=$(import "$domain")
client=$(import "client1.$domain")

# 3. Create the endpoint.
endpoint=$(
    aws ec2 create-client-vpn-endpoint --description "Latchkey demo" --client-cidr-block "$client_cidr" \
        --server-certificate-arn "$server" --vpc-id "$vpc" --transport-protocol udp --vpn-port 443 --split-tunnel \
        --authentication-options "Type=certificate-authentication,MutualAuthentication={ClientRootCertificateChainArn=$client}" \
        --connection-log-options Enabled=false --session-timeout-hours 24 --disconnect-on-session-timeout \
        --client-login-banner-options "Enabled=true,BannerText=$banner" \
        --query ClientVpnEndpointId --output text
)

# 4. Associate the subnets, one in each zone, and look until the endpoint is available.
for subnet in $subnets; do
    aws ec2 associate-client-vpn-target-network --client-vpn-endpoint-id "$endpoint" --subnet-id "$subnet" >>answers.log
done
until_all() {
    wanted=$1
    shift
    while :; do
        codes=$("$@")
        [ -n "$(echo "$codes" | tr '\t' '\n' | grep -v "^$wanted\$")" ] || return 0
        sleep 2
    done
}
until_all associated aws ec2 describe-client-vpn-target-networks --client-vpn-endpoint-id "$endpoint" \
    --query 'ClientVpnTargetNetworks[].Status.Code' --output text
until_all available aws ec2 describe-client-vpn-endpoints --client-vpn-endpoint-ids "$endpoint" \
    --query 'ClientVpnEndpoints[].Status.Code' --output text

# 5. Let clients through to the VPC, and look until the rule is active.
aws ec2 authorize-client-vpn-ingress --client-vpn-endpoint-id "$endpoint" --target-network-cidr "$vpc_cidr" \
    --authorize-all-groups >>answers.log
until_all active aws ec2 describe-client-vpn-authorization-rules --client-vpn-endpoint-id "$endpoint" \
    --query 'AuthorizationRules[].Status.Code' --output text

# 6. Nobody is to connect with the certificate that the endpoint trusts by: a CRL with it.
easyrsa revoke "client1.$domain"
easyrsa gen-crl
aws ec2 import-client-vpn-client-certificate-revocation-list --client-vpn-endpoint-id "$endpoint" \
    --certificate-revocation-list file://easy-rsa/pki/crl.pem >>answers.log

# 7. Export the client configuration, and edit it by hand for the user.
aws ec2 export-client-vpn-client-configuration --client-vpn-endpoint-id "$endpoint" --output text >"$user.ovpn"
{
    echo "<cert>"
    sed -n '/BEGIN CERTIFICATE/,/END CERTIFICATE/p' "easy-rsa/pki/issued/$user.$domain.crt"
    echo "</cert>"
    echo "<key>"
    cat "easy-rsa/pki/private/$user.$domain.key"
    echo "</key>"
} >>"$user.ovpn"
